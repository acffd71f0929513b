/* virtio_pci.h - virtio's registers on PCI. virtio 1.2, 4.1.4 (modern) and 4.1.4.10 (legacy). */
#ifndef DRIVERS_VIRTIO_PCI_H
#define DRIVERS_VIRTIO_PCI_H

#define PCI_VENDOR_QUMRANET	0x1af4
#define VIRTIO_PCI_TRANSITIONAL	0x1000		/* to 0x103f; the type is the subsystem's number (4.1.2.1) */
#define VIRTIO_PCI_MODERN	0x1040		/* plus the type, to 0x107f */

/* A vendor capability, 4.1.4 */
#define VCAP_TYPE	3
#define  VCAP_COMMON		1
#define  VCAP_NOTIFY		2
#define  VCAP_ISR		3
#define  VCAP_DEVICE		4
#define VCAP_BAR	4
#define VCAP_OFFSET	8
#define VCAP_LENGTH	12
#define VCAP_NOTIFY_MULT 16

/* The common configuration, 4.1.4.3 */
#define VC_DEV_FEATURE_SEL	0		/* 32 bits */
#define VC_DEV_FEATURE		4
#define VC_DRV_FEATURE_SEL	8
#define VC_DRV_FEATURE		12
#define VC_CONFIG_VECTOR	16		/* 16 bits */
#define VC_NUM_QUEUES		18
#define VC_STATUS		20		/* 8 bits */
#define VC_GENERATION		21
#define VC_QUEUE_SEL		22		/* 16 bits */
#define VC_QUEUE_SIZE		24
#define VC_QUEUE_VECTOR		26
#define VC_QUEUE_ENABLE		28
#define VC_QUEUE_NOTIFY_OFF	30
#define VC_QUEUE_DESC		32		/* 64 bits */
#define VC_QUEUE_DRIVER		40
#define VC_QUEUE_DEVICE		48
#define VC_SIZE			56

/* Legacy, BAR 0 */
#define VL_DEV_FEATURES		0		/* 32 bits */
#define VL_DRV_FEATURES		4
#define VL_QUEUE_PFN		8
#define VL_QUEUE_SIZE		12		/* 16 bits */
#define VL_QUEUE_SEL		14
#define VL_QUEUE_NOTIFY		16
#define VL_STATUS		18		/* 8 bits */
#define VL_ISR			19
#define VL_CONFIG_VECTOR	20		/* 16 bits; with MSI-X on only */
#define VL_QUEUE_VECTOR		22
#define VL_CONFIG		20
#define VL_CONFIG_MSIX		24

#define VIRTIO_NO_VECTOR	0xffff

#endif
