/* devices.h - network devices for targets that attach one per input: what the stack does with them, and taking them off again. */
#ifndef TESTS_FUZZ_DEVICES_H
#define TESTS_FUZZ_DEVICES_H

struct batch;
struct fuzz_in;
struct ifnet;

/* The interface of a vio(4) or em(4), or NULL. */
struct ifnet *fuzz_device_if(void);
/* All of them go down and away, and what their drivers keep for ever is freed. */
void	fuzz_devices_detach(void);

/* An if_input that checks that every byte of a chain lies in its buffers, and frees it. */
void	fuzz_input_sink(struct ifnet *, struct batch *);
/* As the input says: frames to send, clones among them; up, down, MTU, address, promiscuous; up to six seconds; a pass of the loop. */
void	fuzz_send(struct fuzz_in *);
void	fuzz_interface(struct fuzz_in *);
void	fuzz_time(struct fuzz_in *);
void	fuzz_pass(struct fuzz_in *);

#endif
