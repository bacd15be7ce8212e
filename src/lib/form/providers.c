/* form: the types of providers. */
#include <string.h>

#include "form/form.h"

#define SCHEMAS "http://elasticbox.net/schemas/"
#define END { .kind = FORM_END }

/* How the server is known: docs/providers.md. */
#define TRUST \
	{ "ca_certificate", FORM_LINES, false, "Certificate authority", "PEM; the authority of the server's certificate", NULL, 0, 0 }, \
	{ "certificate_fingerprint", FORM_TEXT, false, "Certificate fingerprint", "SHA-256 of the one certificate that is accepted", NULL, 0, 128 }
#define LIMITS \
	{ "parallel_operations", FORM_NUMBER, false, "Operations at once", "fewer than 8 spare the provider", NULL, 1, 8 }, \
	{ "settle_seconds", FORM_NUMBER, false, "Settle time", "seconds a create without answer is looked up before it is repeated", NULL, 1, 3600 }
#define PERSON(secret) \
	{ "username", FORM_TEXT, true, "User name", NULL, NULL, 0, 0 }, \
	{ secret, FORM_SECRET, true, "Password", NULL, NULL, 0, 0 }

static const struct form_field none[] = { END };

static const struct form_field test_profile[] = {
	{ "image", FORM_TEXT, true, "Image", NULL, "locations/images", 0, 0 },
	{ "flavor", FORM_TEXT, true, "Flavor", NULL, "flavors", 0, 0 },
	{ "keypair", FORM_TEXT, false, "Key pair", NULL, "locations/keypairs", 0, 0 },
	{ "location", FORM_TEXT, false, "Location", NULL, "locations", 0, 0 },
	{ "instances", FORM_NUMBER, false, "Machines", NULL, NULL, 1, 100 },
	END
};

static const struct form_field vsphere[] = {
	{ "endpoint", FORM_URL, true, "Address of the vCenter", "https://vcenter.example.com", NULL, 0, 0 },
	PERSON("secret"), TRUST,
	{ "flavors", FORM_LIST, false, "Own flavors", "name, cpus, memory (MiB)", NULL, 0, 0 },
	LIMITS, END
};

static const struct form_field vsphere_profile[] = {
	{ "datacenter", FORM_TEXT, false, "Datacenter", NULL, "datacenters", 0, 0 },
	{ "template", FORM_TEXT, true, "Template", NULL, "datacenters/templates", 0, 0 },
	{ "flavor", FORM_TEXT, false, "Flavor", "as the template without one", "flavors", 0, 0 },
	{ "folder", FORM_TEXT, false, "Folder", NULL, "datacenters/folders", 0, 0 },
	{ "compute_resource", FORM_TEXT, false, "Host or cluster", "any without one", "datacenters/compute_resources", 0, 0 },
	{ "resource_pool", FORM_TEXT, false, "Resource pool", NULL, "datacenters/compute_resources/resource_pools", 0, 0 },
	{ "datastore", FORM_TEXT, false, "Datastore", "of a cluster the one with the most room", "datacenters/datastores", 0, 0 },
	{ "network", FORM_TEXT, false, "Network", NULL, "datacenters/networks", 0, 0 },
	{ "network_mor", FORM_TEXT, false, "Network, by reference", NULL, NULL, 0, 0 },
	{ "customization_spec", FORM_TEXT, false, "Customization specification", NULL, "customization_specs", 0, 0 },
	{ "disks", FORM_LIST, false, "Disks", "name, size (GB), template: grows the template's own; 7 more at most", NULL, 0, 0 },
	{ "parameters", FORM_LIST, false, "Configuration parameters", "key, value", NULL, 0, 0 },
	{ "instances", FORM_NUMBER, false, "Machines", NULL, NULL, 1, 100 },
	END
};

static const struct form_field openstack[] = {
	{ "identity_url", FORM_TEXT, true, "Address of Keystone", "https://cloud.example.com:5000/v3", NULL, 0, 0 },
	{ "project", FORM_TEXT, true, "Project", NULL, NULL, 0, 0 },
	PERSON("password"),
	{ "domain", FORM_TEXT, false, "Domain", "Default without one", NULL, 0, 0 },
	{ "project_domain", FORM_TEXT, false, "Domain of the project", "that of the user without one", NULL, 0, 0 },
	{ "region", FORM_TEXT, false, "Region", "the first of the catalogue without one", NULL, 0, 0 },
	TRUST, LIMITS, END
};

static const struct form_field openstack_profile[] = {
	{ "image", FORM_TEXT, true, "Image", NULL, "locations/images", 0, 0 },
	{ "flavor", FORM_TEXT, true, "Flavor", NULL, "flavors", 0, 0 },
	{ "keypair", FORM_TEXT, false, "Key pair", NULL, "locations/keypairs", 0, 0 },
	{ "networks", FORM_LIST, false, "Networks", "names; auto or none alone: Nova's own choice, or none at all", "locations/networks", 0, 0 },
	{ "security_group", FORM_TEXT, false, "Security group", "Automatic: the box's Port variables", "locations/security_groups", 0, 0 },
	{ "floating_ip_pool", FORM_TEXT, false, "Floating addresses", NULL, "locations/floating_ip_pools", 0, 0 },
	{ "volumes", FORM_LIST, false, "Volumes", "name, size (GB), type; image: boots from it, persist: it stays when the machine goes", NULL, 0, 0 },
	{ "instances", FORM_NUMBER, false, "Machines", NULL, NULL, 1, 100 },
	END
};

static const struct form_field rackspace[] = { { "username", FORM_TEXT, true, "User name", NULL, NULL, 0, 0 }, END };

static const struct form_field vcloud[] = {
	{ "url", FORM_TEXT, true, "Address", NULL, NULL, 0, 0 }, { "vorg", FORM_TEXT, true, "Organization", NULL, NULL, 0, 0 },
	PERSON("password"), END
};

static const struct form forms[] = {
	{ "Test Provider", SCHEMAS "test/provider", SCHEMAS "test/compute/profile", none, test_profile },
	{ "VMware vSphere", SCHEMAS "vsphere/provider", SCHEMAS "vsphere/compute/profile", vsphere, vsphere_profile },
	{ "Openstack", SCHEMAS "openstack/provider", SCHEMAS "openstack/compute/profile", openstack, openstack_profile },
	{ "Rackspace", SCHEMAS "openstack/provider", NULL, rackspace, NULL },
	{ "VMware vCloud Director", SCHEMAS "vcloud/provider", NULL, vcloud, NULL },
	{ "Amazon Web Services", SCHEMAS "aws/provider", NULL, none, NULL },
	{ "Amazon Web Services GovCloud", SCHEMAS "aws/provider", NULL, none, NULL },
	{ "Microsoft Azure", SCHEMAS "azure/provider", NULL, none, NULL },
	{ "Google Compute", SCHEMAS "gce/provider", NULL, none, NULL },
	{ "Cloudstack", SCHEMAS "cloudstack/provider", NULL, none, NULL },
	{ "SoftLayer", SCHEMAS "softlayer/provider", NULL, none, NULL },
	{ "CenturyLink", SCHEMAS "centurylink/provider", NULL, none, NULL },
	{ "Dimension Data", SCHEMAS "dimension-data/provider", NULL, none, NULL },
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
