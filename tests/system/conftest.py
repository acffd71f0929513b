"""Fixtures and rules of the system tests. tests/run starts this, several times side by side, each in namespaces of its own."""
import json
import os
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dual  # noqa: E402
import lab  # noqa: E402

LIMIT = 90      # seconds that a test may take, unless its mark `limit` says otherwise


def pytest_addoption(parser):
    parser.addoption('--report', help='file that gets a JSON line for each test')
    parser.addoption('--claims', help='directory in which the processes of a run share out the test files')
    parser.addoption('--dut', default='sluice', choices=['sluice', 'linux'],
                     help='linux: a Linux guest stands where the router would, to try the tests themselves')
    parser.addoption('--long', action='store_true', help='also the tests marked long')


def pytest_configure(config):
    config.addinivalue_line('markers', 'long: belongs to `make test-long` only')
    config.addinivalue_line('markers', 'limit(seconds): may take so long')
    config.addinivalue_line('markers', 'sluice: asks the console, so that it cannot be tried against Linux')
    config._report = open(config.getoption('--report') or os.devnull, 'a', buffering=1)


def pytest_collection_modifyitems(config, items):
    long, linux = config.getoption('--long'), config.getoption('--dut') == 'linux'
    keep = [i for i in items if (long or 'long' not in i.keywords) and not (linux and 'sluice' in i.keywords)]
    config.hook.pytest_deselected(items=[i for i in items if i not in keep])
    items[:] = keep


# ---- several processes share the work: each takes the next share that nobody has taken

def pytest_collection_finish(session):
    print(json.dumps({'collected': [i.nodeid for i in session.items]}), file=session.config._report)


def pytest_runtestloop(session):
    claims = session.config.getoption('--claims')
    if session.config.option.collectonly or not claims:
        return None
    mine = _claimed(session.items, claims)
    item = next(mine, None)
    while item is not None:     # the next one is known, so that pytest tears down what that does not need
        following = next(mine, None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        item = following
    return True


def _claimed(items, claims):
    """The tests of the shares that this process gets: files, in which those with namespaces and those with the peer guest are two."""
    shares = {}
    for i in items:
        params = i.callspec.params if hasattr(i, 'callspec') else {}
        shares.setdefault(i.nodeid.split('::')[0] + params.get('host_lab', '') + params.get('dual_lab', ''), []).append(i)
    for name, share in shares.items():
        try:
            os.mkdir(f'{claims}/{name.replace("/", ":")}')
        except FileExistsError:
            continue
        yield from share


def pytest_runtest_logreport(report):
    if report.when == 'call' or report.outcome != 'passed':
        reason = report.longrepr[2] if report.outcome == 'skipped' and isinstance(report.longrepr, tuple) else report.longreprtext
        print(json.dumps({'test': report.nodeid, 'when': report.when, 'outcome': report.outcome, 'seconds': round(report.duration, 1),
                          'text': reason}), file=_config._report)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    global _config
    _config = item.config
    mark = item.get_closest_marker('limit')

    def expired(*_):
        raise TimeoutError(f'the test took longer than {limit} s')
    limit = mark.args[0] if mark else LIMIT
    signal.signal(signal.SIGALRM, expired)
    signal.alarm(limit)
    yield
    signal.alarm(0)


# ---- fixtures

@pytest.fixture(scope='session')
def work():
    """A directory for sockets and logs, with a name short enough for unix sockets."""
    d = tempfile.mkdtemp(prefix='sluice-')
    yield d
    shutil.rmtree(d, ignore_errors=True)


@pytest.fixture(scope='session')
def dut(request):
    return request.config.getoption('--dut')


@pytest.fixture(scope='session')
def make_peer(work):
    """The Linux peer guest, booted when a test first asks for it."""
    peers = []

    def get():
        if not peers:
            peers.append(lab.boot_peer(work))
        return peers[0]
    yield get
    for p in peers:
        p.stop()


@pytest.fixture(scope='module')
def wire_lab(work, dut):
    x = lab.WireLab(work, dut)
    yield x
    x.stop()


@pytest.fixture
def wire(wire_lab, request):
    """The router between two ports of which the test itself is the far end: wire.a, wire.b, wire.router."""
    wire_lab.begin()
    yield wire_lab
    wire_lab.end(request.node)


@pytest.fixture(scope='module', params=['netns', 'peer'])
def host_lab(request, work, dut, make_peer):
    x = lab.NetnsLab(work, dut) if request.param == 'netns' else lab.PeerLab(work, dut, make_peer())
    yield x
    x.stop()


@pytest.fixture
def hosts(host_lab, request):
    """The router between two Linux hosts, hosts.h1 and hosts.h2: once with namespaces, once with the peer guest."""
    host_lab.begin()
    yield host_lab
    host_lab.end(request.node)


@pytest.fixture(scope='module', params=['netns', pytest.param('peer', marks=pytest.mark.long)])
def dual_lab(request, work, make_peer):
    kind = {'conf': dual.CONF, 'dut': 'sluice'}
    x = dual.Dual(lab.NetnsLab(work, **kind) if request.param == 'netns' else lab.PeerLab(work, peer=make_peer(), **kind))
    yield x
    x.stop()


@pytest.fixture
def net(dual_lab, request):
    """The router between Linux hosts with both families (dual.py): net.h1, net.h2, and net.h3 behind h2."""
    dual_lab.begin()
    yield dual_lab
    dual_lab.end(request.node)


@pytest.fixture
def boot(work, request):
    """boot(**Router's arguments): a router of the test's own, with ports a and b as far ends. Ended with the test."""
    made = []

    def make(**kw):
        made.append(lab.OwnLab(work, **kw))
        return made[-1]
    yield make
    for x in made:
        x.stop(request.node)


def pytest_unconfigure(config):
    config._report.close()
