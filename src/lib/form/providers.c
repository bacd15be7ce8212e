/* form: the types of providers. */
#include <string.h>

#include "form/form.h"

#define SCHEMAS "http://elasticbox.net/schemas/"
#define END { .kind = FORM_END }
#define FIELD(n, k, l, ...) { .name = n, .kind = FORM_##k, .label = l, __VA_ARGS__ }
#define MACHINES FIELD("instances", NUMBER, "Machines", .min = 1, .max = 100)
/* Of a disk or volume: more than any provider makes. */
#define GB_MAX 65536

/* How the server is known: docs/providers.md. */
#define TRUST \
	FIELD("ca_certificate", LINES, "Certificate authority", .help = "PEM; the authority of the server's certificate"), \
	FIELD("certificate_fingerprint", TEXT, "Certificate fingerprint", .help = "SHA-256 of the one certificate that is accepted", .max = 128)
#define LIMITS \
	FIELD("parallel_operations", NUMBER, "Operations at once", .help = "fewer than 8 spare the provider", .min = 1, .max = 8), \
	FIELD("settle_seconds", NUMBER, "Settle time", .help = "seconds a create without answer is looked up before it is repeated", .min = 1, .max = 3600)
#define PERSON(secret) \
	FIELD("username", TEXT, "User name", .required = true), \
	FIELD(secret, SECRET, "Password", .required = true)

static const struct form_field none[] = { END };

static const struct form_field test_profile[] = {
	FIELD("image", TEXT, "Image", .required = true, .choices = "locations/images"),
	FIELD("flavor", TEXT, "Flavor", .required = true, .choices = "flavors"),
	FIELD("keypair", TEXT, "Key pair", .choices = "locations/keypairs"),
	FIELD("location", TEXT, "Location", .choices = "locations"),
	MACHINES,
	END
};

static const struct form_field vsphere_flavor[] = {
	FIELD("name", TEXT, "Name", .required = true), FIELD("cpus", NUMBER, "Processors", .required = true, .min = 1, .max = 1024),
	FIELD("memory", NUMBER, "Memory (MiB)", .required = true, .min = 1, .max = 1L << 30), END
};

static const struct form_field vsphere[] = {
	FIELD("endpoint", URL, "Address of the vCenter", .required = true, .help = "https://vcenter.example.com"),
	PERSON("secret"), TRUST,
	FIELD("flavors", LIST, "Own flavors", .items = vsphere_flavor),
	LIMITS, END
};

static const struct form_field vsphere_disk[] = {
	FIELD("name", TEXT, "Name"), FIELD("size", NUMBER, "Size (GB)", .required = true, .min = 0, .max = GB_MAX),
	FIELD("datastore", TEXT, "Datastore", .help = "the machine's without one", .choices = "datacenters/datastores"),
	FIELD("template", FLAG, "The template's own"), END
};

static const struct form_field vsphere_parameter[] = {
	FIELD("key", TEXT, "Key", .required = true), FIELD("value", TEXT, "Value"), END
};

static const struct form_field vsphere_profile[] = {
	FIELD("datacenter", TEXT, "Datacenter", .choices = "datacenters"),
	FIELD("template", TEXT, "Template", .required = true, .choices = "datacenters/templates"),
	FIELD("flavor", TEXT, "Flavor", .help = "as the template without one", .choices = "flavors"),
	FIELD("folder", TEXT, "Folder", .choices = "datacenters/folders"),
	FIELD("compute_resource", TEXT, "Host or cluster", .help = "any without one", .choices = "datacenters/compute_resources"),
	FIELD("resource_pool", TEXT, "Resource pool", .choices = "datacenters/compute_resources/resource_pools"),
	FIELD("datastore", TEXT, "Datastore", .help = "of a cluster the one with the most room", .choices = "datacenters/datastores"),
	FIELD("network", TEXT, "Network", .choices = "datacenters/networks"),
	FIELD("network_mor", TEXT, "Network, by reference"),
	FIELD("customization_spec", TEXT, "Customization specification", .choices = "customization_specs", .words = "None"),
	FIELD("disks", LIST, "Disks", .help = "the template's own can grow; 7 more at most", .items = vsphere_disk),
	FIELD("parameters", LIST, "Configuration parameters", .help = "ExtraConfig", .items = vsphere_parameter),
	MACHINES,
	END
};

static const struct form_field openstack[] = {
	FIELD("identity_url", TEXT, "Address of Keystone", .required = true, .help = "https://cloud.example.com:5000/v3"),
	FIELD("project", TEXT, "Project", .required = true),
	PERSON("password"),
	FIELD("domain", TEXT, "Domain", .help = "Default without one"),
	FIELD("project_domain", TEXT, "Domain of the project", .help = "that of the user without one"),
	FIELD("region", TEXT, "Region", .help = "the first of the catalogue without one"),
	TRUST, LIMITS, END
};

static const struct form_field openstack_volume[] = {
	FIELD("name", TEXT, "Name"), FIELD("size", NUMBER, "Size (GB)", .required = true, .min = 0, .max = GB_MAX),
	FIELD("type", TEXT, "Type", .choices = "locations/volume_types"), FIELD("image", FLAG, "Of the image, to boot from"),
	FIELD("persist", FLAG, "Stays when the machine goes"), END
};

static const struct form_field openstack_profile[] = {
	FIELD("image", TEXT, "Image", .required = true, .choices = "locations/images"),
	FIELD("flavor", TEXT, "Flavor", .required = true, .choices = "flavors"),
	FIELD("keypair", TEXT, "Key pair", .choices = "locations/keypairs"),
	FIELD("networks", LIST, "Networks", .help = "auto or none alone: Nova's own choice, or none at all", .choices = "locations/networks", .words = "auto,none"),
	FIELD("security_group", TEXT, "Security group", .help = "Automatic: the box's Port variables", .choices = "locations/security_groups", .words = "Automatic"),
	FIELD("floating_ip_pool", TEXT, "Floating addresses", .choices = "locations/floating_ip_pools"),
	FIELD("volumes", LIST, "Volumes", .items = openstack_volume),
	MACHINES,
	END
};

static const struct form_field rackspace[] = { FIELD("username", TEXT, "User name", .required = true), END };

static const struct form_field vcloud[] = {
	FIELD("url", TEXT, "Address", .required = true), FIELD("vorg", TEXT, "Organization", .required = true),
	PERSON("password"), END
};

static const struct form forms[] = {
	{ "Test Provider", SCHEMAS "test/provider", SCHEMAS "test/compute/profile", none, test_profile, false },
	{ "VMware vSphere", SCHEMAS "vsphere/provider", SCHEMAS "vsphere/compute/profile", vsphere, vsphere_profile, true },
	{ "Openstack", SCHEMAS "openstack/provider", SCHEMAS "openstack/compute/profile", openstack, openstack_profile, true },
	{ "Rackspace", SCHEMAS "openstack/provider", NULL, rackspace, NULL, false },
	{ "VMware vCloud Director", SCHEMAS "vcloud/provider", NULL, vcloud, NULL, false },
	{ "Amazon Web Services", SCHEMAS "aws/provider", NULL, none, NULL, false },
	{ "Amazon Web Services GovCloud", SCHEMAS "aws/provider", NULL, none, NULL, false },
	{ "Microsoft Azure", SCHEMAS "azure/provider", NULL, none, NULL, false },
	{ "Google Compute", SCHEMAS "gce/provider", NULL, none, NULL, false },
	{ "Cloudstack", SCHEMAS "cloudstack/provider", NULL, none, NULL, false },
	{ "SoftLayer", SCHEMAS "softlayer/provider", NULL, none, NULL, false },
	{ "CenturyLink", SCHEMAS "centurylink/provider", NULL, none, NULL, false },
	{ "Dimension Data", SCHEMAS "dimension-data/provider", NULL, none, NULL, false },
};

const struct form *form_all(size_t *count)
{
	*count = sizeof forms / sizeof forms[0];
	return forms;
}

const struct form *form_of(const char *type)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (!strcmp(forms[i].type, type))
			return &forms[i];
	return NULL;
}
