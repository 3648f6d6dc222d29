// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * What a Raspberry Pi has beside its GPIO and an x86 virtual machine has not: a PWM chip at the Pi's place in the
 * tree, and an MCP3208 on SPI bus 0 whose eight channels a test sets. Both only remember; the kernel's own PWM and
 * SPI cores, sysfs and spidev are what is tried. And the two files by which a program knows that it is on a Pi.
 */
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/proc_fs.h>
#include <linux/pwm.h>
#include <linux/seq_file.h>
#include <linux/spi/spi.h>

static ushort adc[8];
module_param_array(adc, ushort, NULL, 0644);
MODULE_PARM_DESC(adc, "words of 12 bits that the converter answers");

static struct platform_device *pwm_place, *spi_place;

/* PWM: the core checks duty against period and keeps the state that sysfs shows. */

static int board_pwm_apply(struct pwm_chip *chip, struct pwm_device *pwm, const struct pwm_state *state)
{
	return 0;
}

static const struct pwm_ops board_pwm_ops = {
	.apply = board_pwm_apply,
	.owner = THIS_MODULE,
};

static struct pwm_chip board_pwm = {
	.ops = &board_pwm_ops,
	.npwm = 2,
};

/* SPI: MCP3204/3208 data sheet, figure 6-1: 000001MC CCxxxxxx xxxxxxxx in, the word in the last 12 bits out. */

static int board_spi_transfer(struct spi_controller *bus, struct spi_device *device, struct spi_transfer *transfer)
{
	const u8 *asked = transfer->tx_buf;
	u8 *answer = transfer->rx_buf;
	ushort word;

	if (transfer->len != 3 || !asked || !answer)
		return -EINVAL;
	word = adc[(asked[0] & 1) << 2 | asked[1] >> 6] & 0xfff;
	answer[0] = 0;
	answer[1] = word >> 8;
	answer[2] = word & 0xff;
	return 0;
}

static struct spi_board_info board_converter = {
	.modalias = "dh2228fv", /* one of the names for which the kernel makes a spidev */
	.max_speed_hz = 1000000,
};

static int board_spi_add(void)
{
	struct spi_controller *bus = spi_alloc_master(&spi_place->dev, 0);
	int failed;

	if (!bus)
		return -ENOMEM;
	bus->bus_num = 0;
	bus->num_chipselect = 1;
	bus->bits_per_word_mask = SPI_BPW_MASK(8);
	bus->transfer_one = board_spi_transfer;
	failed = spi_register_controller(bus);
	if (failed) {
		spi_controller_put(bus);
		return failed;
	}
	return spi_new_device(bus, &board_converter) ? 0 : -ENODEV;
}

/* /proc/device-tree of a Pi 3B; an x86 machine has none. */

static int board_model(struct seq_file *file, void *unused)
{
	static const char model[] = "Raspberry Pi 3 Model B Rev 1.2";

	return seq_write(file, model, sizeof(model)); /* with its end, as in a device tree */
}

static int board_revision(struct seq_file *file, void *unused)
{
	static const u8 revision[] = { 0x00, 0xa0, 0x20, 0x82 };

	return seq_write(file, revision, sizeof(revision));
}

static int board_device_tree(void)
{
	struct proc_dir_entry *tree = proc_mkdir("device-tree", NULL);
	struct proc_dir_entry *system = proc_mkdir("system", tree);

	if (!tree || !system || !proc_create_single("model", 0444, tree, board_model))
		return -ENOMEM;
	return proc_create_single("linux,revision", 0444, system, board_revision) ? 0 : -ENOMEM;
}

static int __init board_init(void)
{
	pwm_place = platform_device_register_simple("3f20c000.pwm", PLATFORM_DEVID_NONE, NULL, 0); /* a Pi 3's */
	spi_place = platform_device_register_simple("evse-spi", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pwm_place) || IS_ERR(spi_place))
		return -ENODEV;
	board_pwm.dev = &pwm_place->dev;
	return board_device_tree() ?: pwmchip_add(&board_pwm) ?: board_spi_add();
}

module_init(board_init); /* never unloaded: the machine ends with the test */
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("test board of evse-bridge");
