/* case_pfctl.c - what pfctl does to a packet filter that has states and figures: killing, flushing, showing. */
#include "tests/sim/pflab.h"

/* checklist: pf/killstate:label */
CASE(pfctl_kill_label)
{
	lab_pf("pass in proto udp to port 4001 label one\npass in proto udp to port 4002 label \"two x\"\npass out label one\n");
	a_to_b(UDP(A, B));
	a_to_b(UDP(A, B, .dport = 4002));
	SAY("pfctl -k label -k three", "killed 0 states\n");
	SAY("pfctl -k label -k 'two x'", "killed 1 states\n");
	SAY("pfctl -k label -k one", "killed 3 states\n");
	SAY("pfctl -k label; echo $?", "pfctl: no second -k says which label\n1\n");
	SAY("pfctl -k label -k ''", "killed 0 states\n");
}

/* The ends are those that pfctl -ss prints, before or behind the translation.
 * checklist: pf/killstate:id */
CASE(pfctl_kill_key_and_id)
{
	lab_pf("pass in\npass out\nmatch out on vio1 nat-to 10.0.1.1 static-port\n");
	RX(a, UDP(A, B));
	TX(b, UDP("10.0.1.1", B, .ttl = 63));
	SAY("pfctl -ss", "all udp 10.0.1.2:4001 <- 10.0.0.2:4000 ", "all udp 10.0.1.1:4000 (10.0.0.2:4000) -> 10.0.1.2:4001 ");
	SAY("pfctl -k key -k 'udp 10.0.1.2:4001 -> 10.0.0.2:4000'", "killed 0 states\n");
	SAY("pfctl -k key -k 'tcp 10.0.1.2:4001 <- 10.0.0.2:4000'", "killed 0 states\n");
	SAY("pfctl -k key -k 'udp 10.0.1.2:4001 <- 10.0.0.2:4000'", "killed 1 states\n");
	SAY("pfctl -k key -k 'udp 10.0.1.1:4000 -> 10.0.1.2:4001'", "killed 1 states\n");
	SAY("pfctl -ss");
	RX(a, UDP(A, B));
	TX(b, UDP("10.0.1.1", B, .ttl = 63));
	SAY("pfctl -k key -k 'udp 10.0.0.2:4000 -> 10.0.1.2:4001'", "killed 1 states\n");
	SAY("pfctl -k key -k 'udp 10.0.0.2 to 10.0.1.2'; echo $?", "not the key of a state", "1\n");
	SAY("pfctl -k key -k 'udp 10.0.0.2:4000 -> 2001:db8::1[4001]'; echo $?", "not the key of a state", "1\n");
	SAY("pfctl -k key -k 'udp 10.0.0.2:x -> 10.0.1.2:1'; echo $?", "not the key of a state", "1\n");
	SAY("pfctl -k id -k 0000000000000000", "killed 0 states\n");
	SAY("pfctl -k id -k zero; echo $?", "not the id of a state: zero\n1\n");
	SAY("pfctl -k id -k 1/2; echo $?", "not the id of a state: 1/2\n1\n");
	SAY("pfctl -F states", "1 states cleared\n");
}

/* checklist: pf/killstate:interface */
CASE(pfctl_interface)
{
	lab_pf("pass in keep state (if-bound)\npass out\n");
	a_to_b(UDP(A, B));
	b_to_a(UDP(B, A, .sport = 7, .dport = 8));
	SAY("pfctl -i vio1 -ss", "vio1 udp 10.0.0.2:8 <- 10.0.1.2:7 ");
	SAY("pfctl -i vio0 -k 0.0.0.0/0", "killed 1 states");
	SAY("pfctl -i vio0 -ss");
	SAY("pfctl -i all -ss", "all udp 10.0.0.2:4000 -> 10.0.1.2:4001 ", "all udp 10.0.1.2:7 -> 10.0.0.2:8 ");
	SAY("pfctl -k ::/0", "killed 0 states");
	SAY("pfctl -k ::/0 -k ::/0", "killed 0 states");
	SAY("pfctl -V 1 -F states", "0 states cleared\n");
	SAY("pfctl -i all -F states", "2 states cleared\n");
	SAY("pfctl -V 0 -k 10.0.1.2", "killed 1 states");
}

/* What of pf.conf goes and what stays; figures from zero.
 * checklist: pf/debug:basic, pf/debug:reset */
CASE(pfctl_flush)
{
	lab_pf("# ours\nset limit states 7\nset timeout { tcp.first 5,\n  frag 9 }\nm = \"10.0.0.0/24\"\ntable <t> { 10.0.0.0/8 }\nblock in quick on vio0 \\\n proto udp to port 9\n"
	    "pass from $m # all of them\nanchor x {\n pass\n}\n");
	RX(a, UDP(A, B, .dport = 9));
	NONE(b);
	COUNT(pfs_blocked, 1);
	SAY("pfctl -s info", "Debug: err", "match                                  1 ");
	SAY("pfctl -x deb", "debug level set to 'debug'\n");
	SAY("pfctl -x loud; echo $?", "pfctl: unknown debug level 'loud'\n1\n");
	SAY("pfctl -vs info", "Debug: debug", "Hostid:   0x00000000\nChecksum: 0x");
	SAY("pfctl -F info", "pf: statistics cleared\n");
	SAY("pfctl -s info", "match                                  0 ");
	SAY("pfctl -F R", "limits, timeouts and other options are reset\n");
	SAY("pfctl -s info", "Debug: err");
	SAY("pfctl -s memory", "states        hard limit   100000\n");
	SAY("pfctl -s timeouts", "frag                         60s\n", "tcp.first                   120s\n");
	SAY("show config", "# /etc/pf.conf\n# ours\nm = \"10.0.0.0/24\"\ntable <t> { 10.0.0.0/8 }\nblock in quick on vio0 \\\n proto udp to port 9\npass from $m # all of them\nanchor x {\n pass\n}\n");
	SAY("pfctl -F rules", "rules cleared\n");
	SAY("show config", "# /etc/pf.conf\n# ours\nm = \"10.0.0.0/24\"\ntable <t> { 10.0.0.0/8 }\n");
	a_to_b(UDP(A, B, .dport = 9));
	SAY("pfctl -F osfp", "fingerprints cleared\n");
	SAY("pfctl -F all", "rules cleared\n1 tables deleted.\n", "0 states cleared\n", "pf: statistics cleared\n");
	SAY("show config", "# /etc/pf.conf\n");
	SAY("pfctl -F nothing; echo $?", "pfctl: Unknown flush modifier 'nothing'\n", "2\n");
}

CASE(pfctl_show)
{
	lab_pf("set skip on lo\nblock in on vio0 proto tcp to port { 22 8000:8080 }\nanchor \"one\" {\n pass in on vio0\n anchor {\n  pass quick proto udp\n }\n}\nanchor \"two/*\"\n"
	    "anchor \"two/a\" {\n block in proto icmp label ping\n}\npass out\n");
	SAY("pfctl -sr", "\nanchor \"one\" all\nanchor \"two/*\" all\nanchor \"two/a\" all\npass out all flags S/SA\n");
	SAY("pfctl -Psr", "to any port = ssh\n", "to any port 8000:http-alt\n");
	SAY("pfctl -a '*' -sr", "anchor \"one\" all {\n  pass in on vio0 all flags S/SA\n  anchor all {\n    pass quick proto udp all\n  }\n}\n"
	    "anchor \"two/*\" all {\n  anchor \"a\" all {\n    block drop in proto icmp all label \"ping\"\n  }\n}\n");
	SAY("pfctl -a one -vvsr", "@0 pass in on vio0 all flags S/SA\n  [ Evaluations: 0 ", "@1 anchor all {\n");
	SAY("pfctl -a two/a/ -sl", "ping 0 0 0 0 0 0 0 0\n");
	SAY("pfctl -gsr", "  [ Tree: ");
	SAY("pfctl -sA", "  two\n", "  one\n");
	SAY("pfctl -vsA", "  two\n  two/a\n");
	SAY("pfctl -a two -sA", "  two/a\n");
	SAY("pfctl -a three -sr; echo $?", "pfctl: Anchor 'three' not found.\n1\n");
	SAY("pfctl -sI", "all\nlo\nlo0\nvio0\nvio1\n");
	SAY("pfctl -vsI", "lo (skip)\nlo0 (skip)\nvio0\n");
	SAY("pfctl -i lo -sI", "lo\nlo0\n");
	SAY("pfctl -so", "Class\tVersion\tSubtype(subversion)\n");
	SAY("pfctl -s Running; echo $?", "Enabled\n0\n");
	SAY("pfctl -d; pfctl -s Running; echo $?", "Disabled\n1\n");
	SAY("pfctl -sa", "FILTER RULES:\n", "\nSTATES:\n", "\nINFO:\nStatus: Disabled", "\nLABEL COUNTERS:\nping ", "\nTIMEOUTS:\ntcp.first ", "\nLIMITS:\nstates ",
	    "\nTABLES:\n", "\nOS FINGERPRINTS:\n0 fingerprints loaded\n");
	SAY("pfctl -s nothing; echo $?", "pfctl: Unknown show modifier 'nothing'\n", "2\n");
	SAY("pfctl -p /dev/none -sr; echo $?", "pfctl: /dev/none: No such file or directory\n1\n");
	SAY("pfctl -N -p /dev/pf -sl; echo $?", "ping 0 0 0 0 0 0 0 0\n0\n");
}

/* Rules of an anchor come and go without the others; they are the configuration's.
 * checklist: pf/nat:nested_anchor, pf/table:in_anchor */
CASE(pfctl_anchor)
{
	lab_pf("block\nanchor \"one\"\nanchor \"two/*\"\npass out\n");
	SAY("pfctl -a one -f - <<EOF\npass in proto udp to port 4001\nEOF");
	SAY("echo $?", "0\n");
	a_to_b(UDP(A, B));
	SAY("pfctl -a two/b -f - <<EOF\ntable <t> { " A " }\npass in proto udp from <t> to port 4002\nEOF");
	SAY("pfctl -D p=4003 -a /two//a/ -f - <<EOF\np = 9\npass in proto udp to port $p # which?\nanchor in {\n  anchor \"deep\"\n}\nEOF");
	a_to_b(UDP(A, B, .dport = 4002));
	a_to_b(UDP(A, B, .dport = 4003));
	SAY("pfctl -a '*' -sr", "anchor \"one\" all {\n  pass in proto udp from any to any port = 4001\n}\nanchor \"two/*\" all {\n  anchor \"a\" all {\n"
	    "    pass in proto udp from any to any port = 4003\n    anchor in all {\n      anchor \"deep\" all {\n      }\n    }\n  }\n  anchor \"b\" all {\n"
	    "    pass in proto udp from <t> to any port = 4002\n  }\n}\n");
	SAY("pfctl -a two/b -sT", "t\n");
	SAY("show config", "# /etc/pf.anchors/one\npass in proto udp to port 4001\n# /etc/pf.anchors/two/b\n",
	    "# /etc/pf.anchors/two/a\np = \"4003\"\npass in proto udp to port $p # which?\nanchor in {\n  anchor \"deep\"\n}\n");
	SAY("pfctl -f - <<EOF\nblock\nanchor \"two/b\"\npass out\nEOF");
	RX(a, UDP(A, B, .sport = 7));
	NONE(b);
	COUNT(pfs_blocked, 1);
	a_to_b(UDP(A, B));				/* states stay */
	a_to_b(UDP(A, B, .sport = 7, .dport = 4002));
	SAY("pfctl -a one -sr", "pass in proto udp from any to any port = 4001\n");
	SAY("pfctl -a two/b -F rules", "rules cleared\n");
	RX(a, UDP(A, B, .sport = 8, .dport = 4002));
	NONE(b);
	COUNT(pfs_blocked, 1);
	SAY("pfctl -a '*' -F all", "rules cleared\n");
	SAY("show config", "# /etc/pf.conf\n");
	SAY("ls /etc/pf.anchors/one; cat /etc/pf.anchors/one; echo $?", "1\n");
}

/* What goes wrong changes nothing. */
CASE(pfctl_anchor_refused)
{
	lab_pf("block\nanchor one\n");
	SAY("pfctl -a one -f - <<EOF\npass in\nEOF");
	SAY("pfctl -a one -f - <<EOF\npass in\npass at\nEOF", "stdin:2: syntax error\npfctl: Syntax error in config file: pf rules not loaded\n");
	SAY("echo $?", "1\n");
	SAY("pfctl -a one -f - <<EOF\nset limit states 5\nEOF", "stdin:1: options and queues are the main ruleset's\n");
	SAY("echo $?", "1\n");
	SAY("pfctl -a one -f - <<EOF\npass divert-packet port 7\nEOF", "stdin:1: ", "not supported");
	SAY("echo $?", "1\n");
	SAY("pfctl -a one -f - <<EOF\nanchor \"/one\"\nEOF", "stdin:1: the anchor leads back to itself");
	SAY("echo $?", "1\n");
	SAY("pfctl -a one/_x -f - <<EOF\npass in\nEOF", "invalid anchor name");
	SAY("echo $?", "1\n");
	SAY("pfctl -a 'a b' -f - <<EOF\npass in\nEOF", "invalid anchor name");
	SAY("echo $?", "1\n");
	SAY("pfctl -a 'a/*' -f - <<EOF\npass in\nEOF", "invalid anchor name");
	SAY("echo $?", "1\n");
	SAY("pfctl -a / -f - <<EOF\npass in\nEOF", "invalid anchor name");
	SAY("echo $?", "1\n");
	SAY("pfctl -a one -F states; echo $?", "-a is for", "1\n");
	SAY("pfctl -a none -F rules; echo $?", "pfctl: Anchor 'none' not found.\n1\n");
	SAY("pfctl -a one -vf - <<EOF\npass in proto tcp\nEOF", "pass in proto tcp all flags S/SA\n");
	SAY("pfctl -a one -sr", "pass in proto tcp all flags S/SA\n");
	SAY("show config", "# /etc/pf.anchors/one\npass in proto tcp\n");
}

/* What pf.conf says of an anchor is replaced, and is again what holds when pf.conf is loaded anew. */
CASE(pfctl_anchor_replaces)
{
	static const char conf[] = "block\nanchor \"one\" {\n table <t> { " B " }\n pass in to <t>\n}\nload anchor two from \"/etc/pf.anchors/three\"\n";

	lab_custom(VIO0, VIO1, sim_print(SYSCTL "# /etc/pf.anchors/three\npass in proto tcp\n# /etc/pf.conf\n%s", conf));
	SAY("pfctl -a one -sr", "pass in from any to <t> flags S/SA\n");
	SAY("pfctl -a two -sr", "pass in proto tcp all flags S/SA\n");
	SAY("pfctl -a one -f - <<EOF\nblock in\nEOF");
	SAY("pfctl -a one -sr", "block drop in all\n");
	SAY("pfctl -a two -F rules");
	SAY("pfctl -a two -sr; pfctl -a '*' -vsr", "anchor \"one\" all {\n");
	SAY("show config", "# /etc/pf.anchors/one\nblock in\n# /etc/pf.anchors/two\n");
	SAY("pfctl -f /etc/pf.conf");
	SAY("pfctl -a one -sr", "pass in from any to <t> flags S/SA\n");
	SAY("pfctl -a two -sr", "pass in proto tcp all flags S/SA\n");
	SAY("cat /etc/pf.anchors/one; echo $?", "1\n");
}

/* Bundles one after the other: what is in force is what the last one says, at once. */
CASE(pfctl_anchor_bundles)
{
	static const char files[] = "# /etc/hostname.vio0\ninet 10.0.0.1/24\n# /etc/pf.conf\nblock\nanchor x\nanchor y\n";

	lab_pf("block\n");
	SAY(sim_print("load <<EOF\n%s# /etc/pf.anchors/x\npass in\n# /etc/pf.anchors/y\npass out\nEOF", files));
	SAY("pfctl -a x -sr; pfctl -a y -sr", "pass in all flags S/SA\npass out all flags S/SA\n");
	SAY(sim_print("load <<EOF\n%s# /etc/pf.anchors/y\npass out proto udp\nEOF", files));
	SAY("pfctl -a x -sr", "");
	SAY("pfctl -a y -sr", "pass out proto udp all\n");
	SAY(sim_print("load <<EOF\n%sEOF", files));
	SAY("pfctl -a '*' -sr", "block drop all\nanchor \"x\" all {\n}\nanchor \"y\" all {\n}\n");
	SAY(sim_print("load <<EOF\n%s# /etc/pf.anchors/y\npass at\n# /etc/pf.anchors/x\npass\nEOF", files), "/etc/pf.anchors/y:1: syntax error");
	SAY("pfctl -a '*' -sr", "block drop all\nanchor \"x\" all {\n}\nanchor \"y\" all {\n}\n");
	SAY(sim_print("load <<EOF\n%s# /etc/pf.anchors/_y\npass\nEOF", files), "/etc/pf.anchors/_y: that is no name of an anchor");
	SAY("load <<EOF\n# /etc/hostname.vio0\ninet 10.0.0.1/24\n# /etc/pf.anchors/x\npass\nEOF");
	SAY("pfctl -s Running", "Disabled\n");
}

/* An anchor's own tables, and those that it finds in the main ruleset.
 * checklist: pf/table:anchor, pf/table:in_anchor */
CASE(pfctl_anchor_tables)
{
	lab_pf("table <t> persist { 10.9.0.1 }\nblock\nanchor one\npass out\n");
	SAY("pfctl -a one -f - <<EOF\npass in from <t>\npass in proto udp from <u> to port 7\nEOF");
	RX(a, UDP(A, B));
	NONE(b);
	COUNT(pfs_blocked, 1);
	SAY("pfctl -t t -T add " A, "1/1 addresses added.\n");
	a_to_b(UDP(A, B));
	SAY("pfctl -a one -t t -T show; echo $?", "pfctl: Table does not exist.\n1\n");
	SAY("pfctl -a one -t t -T add 10.9.9.9 10.9.9.9", "1 table created.\n1/2 addresses added.\n");	/* now it is its own that the rule means */
	RX(a, UDP(A, B, .sport = 3));
	NONE(b);
	COUNT(pfs_blocked, 1);
	SAY("pfctl -t t -T show", "   10.0.0.2\n   10.9.0.1\n");	/* which loading the anchor did not change */
	SAY("pfctl -a one -t u -T replace -f - <<EOF\n10.0.0.0/24 # both\n; none\n\t10.0.1.0/24\nEOF", "1 table created.\n2 addresses added.\n");
	a_to_b(UDP(A, B, .sport = 4, .dport = 7));
	SAY("pfctl -a one -sT", "t\nu\n");
	SAY("pfctl -sT", "t\n");
	SAY("show config", "pass in proto udp from <u> to port 7\ntable <t> persist\ntable <u> persist\n");
	SAY("pfctl -f - <<EOF\ntable <t> persist\nblock\nanchor one\npass out\nEOF");	/* does not say what is in it */
	SAY("pfctl -t t -T show; pfctl -a one -t u -T show", "   10.0.0.2\n   10.9.0.1\n   10.0.0.0/24\n   10.0.1.0/24\n");
	SAY("pfctl -a one -t t -T kill", "1 tables deleted.\n");
	a_to_b(UDP(A, B, .sport = 3));
	SAY("pfctl -a one -F Tables", "1 tables deleted.\n");
	SAY("pfctl -a one -F Tables", "0 tables deleted.\n");
	RX(a, UDP("10.0.0.3", B, .sport = 5, .dport = 7));
	NONE(b);
	COUNT(pfs_blocked, 1);
	SAY("pfctl -f - <<EOF\ntable <t> persist { 10.9.0.2 }\nblock\nEOF");
	SAY("pfctl -t t -T show", "   10.9.0.2\n");
	SAY("pfctl -t t -T add -f - <<EOF\n10.0.0.300\nEOF", "no IP address found for 10.0.0.300\n");
	SAY("pfctl -t 'a b' -T add 10.0.0.3", "invalid table name");
}

/* checklist: pf/table:flush, pf/table:precreate */
CASE(pfctl_tables_come_and_go)
{
	lab_pf("block in from <late>\npass in from ! <late>\npass out\nanchor in {\n table <inner> { 10.0.0.9 }\n}\n");
	a_to_b(UDP(A, B));
	SAY("pfctl -k 10.0.0.0/8 -q");
	SAY("pfctl -qt late -T add " A);
	SAY("pfctl -F states");
	RX(a, UDP(A, B));
	NONE(b);
	COUNT(pfs_blocked, 1);
	SAY("pfctl -t late -T flush", "1 addresses deleted.\n");
	a_to_b(UDP(A, B));
	SAY("pfctl -qt late -T add " A);
	SAY("pfctl -F rules");
	SAY("pfctl -t late -T show", "   10.0.0.2\n");
	SAY("pfctl -F Tables", "1 tables deleted.\n");
	SAY("show config", "# /etc/pf.conf\n");
	SAY("load <<EOF\n# /etc/hostname.vio0\ninet 10.0.0.1/24\nEOF");
	SAY("pfctl -t late -T add " A, "no file of its own to define it in");
}

/* A match rule, and an anchor, count all packets of the states whose first packet they have matched, while those live and after.
 * checklist: pf/counters:match_pass_state, pf/counters:match_pass_no_state, pf/counters:match_block */
CASE(pfctl_match_counts)
{
	lab_pf("match in on vio0 proto udp\nmatch in proto udp to port 4001\nanchor in {\n pass in proto udp to port 4001\n}\npass in proto udp to port 4002 no state\n"
	    "block in proto udp to port 4003\npass out\n");
	for (unsigned i = 0; i < 3; i++)
		a_to_b(UDP(A, B));
	b_to_a(UDP(B, A, .sport = 4001, .dport = 4000));
	SAY("pfctl -vsr", "match in on vio0 proto udp all\n  [ Evaluations: 2         Packets: 4         Bytes: 192         States: 1     ]\n"
	    "  [ Inserted: uid 0 pid 0 State Creations: 1     ]\n"
	    "match in proto udp from any to any port = 4001\n  [ Evaluations: 2         Packets: 4         Bytes: 192         States: 1     ]\n");
	SAY("pfctl -vsr", "anchor in all {\n  [ Evaluations: 2         Packets: 4         Bytes: 192         States: 1     ]\n",
	    "    [ Evaluations: 1         Packets: 4         Bytes: 192         States: 1     ]\n");
	a_to_b(UDP(A, B, .dport = 4002));
	RX(a, UDP(A, B, .dport = 4003));
	NONE(b);
	COUNT(pfs_blocked, 1);
	SAY("pfctl -F states", "3 states cleared\n");
	SAY("pfctl -vsr", "match in on vio0 proto udp all\n  [ Evaluations: 5         Packets: 6         Bytes: 288         States: 0     ]\n"
	    "  [ Inserted: uid 0 pid 0 State Creations: 1     ]\n"
	    "match in proto udp from any to any port = 4001\n  [ Evaluations: 5         Packets: 4         Bytes: 192         States: 0     ]\n");
	SAY("pfctl -z", "pf: rule counters cleared\n");
	SAY("pfctl -vsr", "match in on vio0 proto udp all\n  [ Evaluations: 0         Packets: 0         Bytes: 0           States: 0     ]\n"
	    "  [ Inserted: uid 0 pid 0 State Creations: 0     ]\n");
	a_to_b(UDP(A, B));
	SAY("pfctl -vsr", "match in on vio0 proto udp all\n  [ Evaluations: 2         Packets: 1         Bytes: 48          States: 1     ]\n"
	    "  [ Inserted: uid 0 pid 0 State Creations: 1     ]\n");
}

/* A source is where it says as long as one of the ways back leads there.
 * checklist: pf/pass_block:urpf */
CASE(pf_urpf_of_many_ways)
{
	lab_pf("block in from urpf-failed\npass in from ! urpf-failed\npass out\npass in on egress proto udp from any to port 5000\n");
	SAY("route -q add 10.7/16 10.0.0.2");
	RX(b, UDP("10.7.0.1", A));
	NONE(a);
	COUNT(pfs_blocked, 1);
	SAY("route -q add -mpath 10.7/16 10.0.1.2");
	b_to_a(UDP("10.7.0.1", A));
	a_to_b(UDP("10.7.0.1", B, .sport = 9));
	RX(b, UDP("10.0.0.9", A));
	NONE(a);
	COUNT(pfs_blocked, 1);
	RX(b, UDP("10.8.0.1", A, .dport = 5000));
	NONE(a);
	COUNT(pfs_blocked, 1);
	SAY("route -q add -mpath default 10.0.0.2; route -q add -mpath default 10.0.1.2");
	b_to_a(UDP("10.8.0.1", A, .dport = 5000));
	a_to_b(UDP("10.8.0.1", B, .dport = 5000));
	SAY("route -q delete default 10.0.1.2; pfctl -q -F states");
	RX(b, UDP("10.8.0.1", A, .dport = 5000));
	NONE(a);
	COUNT(pfs_blocked, 1);
}

/* What an interface's or a group's addresses are is asked when a packet comes.
 * checklist: pf/names:group, pf/set_skip:set_skip_group, pf/set_skip:set_skip_dynamic */
CASE(pf_interfaces_change)
{
	lab_pf("set skip on lo\nblock\npass in proto udp from any to (vio1:network) port 4001\npass in on egress proto udp to port 7\npass out on vio1 nat-to (vio1:0) static-port\n");
	RX(a, UDP(A, B));
	TX(b, UDP("10.0.1.1", B, .ttl = 63));
	SAY("ping -c 1 127.0.0.1", "1 packets received");
	SAY("arp -d 10.0.1.2; route -q delete 10.1/16; ifconfig vio1 inet 10.2.0.1/24; arp -s 10.2.0.2 " MAC_B);
	raw_forget(b);
	RX(a, UDP(A, "10.2.0.2"));
	TX(b, UDP("10.2.0.1", "10.2.0.2", .ttl = 63));
	RX(a, UDP(A, "10.2.0.3", .dport = 7));
	NONE(b);
	COUNT(pfs_blocked, 1);
	SAY("route -q add default 10.0.0.2");
	RX(a, UDP(A, "10.2.0.3", .dport = 7, .sport = 9));
	raw_forget(b);				/* it asks for 10.2.0.3: the packet has passed */
	COUNT(pfs_blocked, 0);
	SAY("ifconfig lo1 create; ifconfig lo1 inet 127.1.0.1/32; ping -c 1 127.1.0.1", "1 packets received");
	SAY("pfctl -vsI", "lo (skip)\nlo0 (skip)\nlo1 (skip)\n");
	SAY("ifconfig lo1 destroy");
}
