/* devices.h - taking network devices off again, for targets that attach one per input. */
#ifndef TESTS_FUZZ_DEVICES_H
#define TESTS_FUZZ_DEVICES_H

struct ifnet;

/* The interface of a vio(4) or em(4), or NULL. */
struct ifnet *fuzz_device_if(void);
/* All of them go down and away, and what their drivers keep for ever is freed. */
void	fuzz_devices_detach(void);

#endif
