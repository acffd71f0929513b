/* session.c - a user beside the console's: whose commands run while that one's output waits. */
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/host/lib/session.h"
#include "kernel/task.h"

struct session { int *se_status; char se_text[]; };

static void
session_run(void *arg)
{
	struct session *se = arg;
	struct out o;
	bool ok;

	out_init(&o, NULL, NULL);
	if (se->se_text[0] == '#' || se->se_text[0] == '\0')
		ok = config_load(&o, "session", se->se_text, strlen(se->se_text));
	else
		ok = command_run(&o, se->se_text) == 0;
	out_free(&o);
	*se->se_status = ok ? 1 : -1;
	free(se);
}

void
session_start(const char *text, int *status)
{
	struct session *se = malloc(sizeof(*se) + strlen(text) + 1);

	*status = 0;
	if (se == NULL)
		panic("no memory for a session");
	se->se_status = status;
	strcpy(se->se_text, text);
	if (task_create("session", session_run, se) == NULL)
		panic("no memory for a session's task");
}
