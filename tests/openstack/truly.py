"""Nova's fake driver, whose servers of the flavor `truly` are machines of tests/lib/treevm.py: made, switched and removed by the program
`machine` beside. Such a server has its port's addresses, and a configuration drive as Nova writes it for real hypervisors (libvirt's
driver does the same)."""
import os
import shutil
import tempfile

from nova.api.metadata import base as metadata
from nova.virt import fake
from oslo_concurrency import processutils

MACHINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "machine")


def machine(*argv):
    processutils.execute(MACHINE, *argv)


def truly(instance):
    return instance.flavor.name == "truly"


class TrulyDriver(fake.FakeDriver):
    def spawn(self, context, instance, image_meta, injected_files, admin_password, allocations, network_info=None,
              block_device_info=None, power_on=True, accel_info=None):
        super().spawn(context, instance, image_meta, injected_files, admin_password, allocations, network_info, block_device_info, power_on)
        if not truly(instance):
            return
        drive = tempfile.mkdtemp(prefix="drive.", dir=os.environ["CAM_VMS"] + "-drives")
        try:
            content = metadata.InstanceMetadata(instance, content=injected_files, extra_md={}, network_info=network_info)
            for path, value in content.metadata_for_config_drive():
                os.makedirs(os.path.dirname(os.path.join(drive, path)), exist_ok=True)
                with open(os.path.join(drive, path), "wb") as f:
                    f.write(value.encode() if isinstance(value, str) else value)
            card = network_info[0]
            machine("make", instance.uuid, card.fixed_ips()[0]["address"], card["address"], drive)
            if power_on:
                machine("start", instance.uuid)
        finally:
            shutil.rmtree(drive)

    def destroy(self, context, instance, *more, **others):
        if truly(instance):
            machine("remove", instance.uuid)
        super().destroy(context, instance, *more, **others)

    def power_off(self, instance, *more, **others):
        if truly(instance):
            machine("stop", instance.uuid)
        super().power_off(instance, *more, **others)

    def power_on(self, context, instance, *more, **others):
        super().power_on(context, instance, *more, **others)
        if truly(instance):
            machine("start", instance.uuid)

    def reboot(self, context, instance, *more, **others):
        if truly(instance):
            machine("stop", instance.uuid)
            machine("start", instance.uuid)
        super().reboot(context, instance, *more, **others)
