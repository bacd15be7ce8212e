/* firewall: a security group as a CloudFormation template (AWS::EC2::SecurityGroup). */
#include <string.h>

#include "firewall/formats.h"
#include "firewall/json.h"

struct lists {
	struct json j;
	yyjson_mut_val *in, *out;
};

/* A description may have only some of ASCII. */
static void description(struct json *j, yyjson_mut_val *o, const char *name, const char *id, const char *text)
{
	char s[FW_NAME + FW_TEXT + 4];

	snprintf(s, sizeof s, "%s: %s", id, text);
	for (char *p = s; *p; p++)
		if (strchr("'\"<>?\\^`|~%", *p))
			*p = ' ';
	json_text(j, o, name, s);
}

static void one(const struct fw_flat *f, void *arg)
{
	const struct fw_rule *r = f->line->rule;
	struct lists *l = arg;
	bool icmp = r->protocol == FW_ICMP || r->protocol == FW_ICMP6;

	/* of ICMP the first number is the type, the second the code: -1 = any */
	for (unsigned n = f->range.first; n <= (icmp ? f->range.last : f->range.first); n++) {
		yyjson_mut_val *o = yyjson_mut_arr_add_obj(l->j.d, r->direction == FW_IN ? l->in : l->out);

		json_text(&l->j, o, "IpProtocol", r->protocol == FW_ICMP6 ? "icmpv6" : fw_protocol_name(r->protocol));
		json_number(&l->j, o, "FromPort", n);
		json_number(&l->j, o, "ToPort", icmp ? -1 : f->range.last);
		json_text(&l->j, o, f->prefix.addr.family == ADDR_V4 ? "CidrIp" : "CidrIpv6", f->address);
		description(&l->j, o, "Description", r->id, r->purpose);
	}
}

static void write(const struct fw_policy *p, FILE *out)
{
	const struct fw_word *profile = &p->tables->profiles[p->profile];
	yyjson_mut_val *o, *group;
	struct lists l;

	json_begin(&l.j);
	json_text(&l.j, l.j.root, "AWSTemplateFormatVersion", "2010-09-09");
	json_text(&l.j, l.j.root, "Description", profile->text);
	o = json_object(&l.j, json_object(&l.j, l.j.root, "Parameters"), "VpcId");
	json_text(&l.j, o, "Type", "AWS::EC2::VPC::Id");
	json_text(&l.j, o, "Description", "the VPC the group is for");
	group = json_object(&l.j, json_object(&l.j, l.j.root, "Resources"), "SecurityGroup");
	json_text(&l.j, group, "Type", "AWS::EC2::SecurityGroup");
	o = json_object(&l.j, group, "Properties");
	description(&l.j, o, "GroupDescription", profile->name, profile->text);
	json_text(&l.j, json_object(&l.j, o, "VpcId"), "Ref", "VpcId");
	l.in = json_array(&l.j, o, "SecurityGroupIngress");
	l.out = json_array(&l.j, o, "SecurityGroupEgress");
	fw_each(p, one, &l);
	if (!yyjson_mut_arr_size(l.out)) {	/* without any, everything could leave */
		o = yyjson_mut_arr_add_obj(l.j.d, l.out);
		json_text(&l.j, o, "IpProtocol", "-1");
		json_text(&l.j, o, "CidrIp", "127.0.0.1/32");
		json_text(&l.j, o, "Description", "nothing may leave");
	}
	json_end(&l.j, out);
}

const struct fw_format fw_format_aws = {
	.name = "aws", .title = "AWS security group, CloudFormation", .suffix = "json", .check = FW_CHECK_CONSUMER,
	.how = "aws cloudformation deploy --template-file FILE", .note = "rooms, limits per source", .write = write,
};
