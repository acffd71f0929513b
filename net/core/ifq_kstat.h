/* ifq_kstat.h - if_attach() publishes the counters of an interface's i-th queues here. Core 0. */
#ifndef NET_CORE_IFQ_KSTAT_H
#define NET_CORE_IFQ_KSTAT_H

struct ifnet;
void	ifq_kstat_attach(struct ifnet *, unsigned i);
void	ifq_kstat_detach(struct ifnet *, unsigned i);

#endif
