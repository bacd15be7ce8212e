"""Cinder's own driver of its tests, which only writes down what it is asked, with what that lacks: volumes made of images, and one
that cannot be made."""
from cinder import exception
from cinder.tests import fake_driver


class FakeVolumes(fake_driver.FakeLoggingVolumeDriver):
    def create_volume(self, volume):
        if (volume.display_name or "").endswith("-broken"):
            raise exception.VolumeBackendAPIException(data="no room on the shelf")

    def clone_image(self, context, volume, image_location, image_meta, image_service):
        return {}, True     # as a store does that copies images by itself
