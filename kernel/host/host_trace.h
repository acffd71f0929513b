/* host_trace.h - the journey of each packet, stage by stage, with the counters that moved on its way. */
#ifndef KERNEL_HOST_HOST_TRACE_H
#define KERNEL_HOST_HOST_TRACE_H

#include "net/core/stage.h"

struct ifnet;
struct mbuf;

/* From now on lines go to `line` (without newline). NULL: off. */
void	host_trace(void (*line)(const char *));
static inline bool host_trace_on(void) { return stage_trace != NULL; }
/* A card has taken a frame from the wire (in), or is about to send it. */
void	host_trace_frame(const struct ifnet *, const struct mbuf *, bool in);

/* What has been noticed so far is printed: the packet's way has come to an end here. */
void	host_trace_flush(void);

#endif
