#!/usr/bin/python3
"""Validates Heat templates with heat itself: the template, and the properties of its security group."""
import logging
import sys

from heat.common import template_format
from heat.engine import environment, properties, template
from heat.engine.resources.openstack.neutron import security_group

logging.disable(logging.CRITICAL)
for path in sys.argv[1:]:
    t = template.Template(template_format.parse(open(path).read()), env=environment.Environment())
    t.validate()
    given = t.t["resources"]["security_group"]["properties"]
    checked = properties.Properties(security_group.SecurityGroup.properties_schema, given)
    checked.validate()
    print(path, len(checked["rules"]))
