/* session.h - a user beside the console's. */
#ifndef KERNEL_HOST_LIB_SESSION_H
#define KERNEL_HOST_LIB_SESSION_H

/* A task that runs a command, or loads a bundle (text that begins with #, or none). *status: 0 until it is done, then 1: it succeeded, -1: it
 * failed. Core 0, between two passes. */
void	session_start(const char *text, int *status);

#endif
