/*
 * core: the boxes of an instance as a tree: the main box, what it reaches through Box variables, and the
 * admin boxes of its policy; the values their variables have; the order of their scripts.
 */
#ifndef CAM_CORE_INSTANCE_STACK_H
#define CAM_CORE_INSTANCE_STACK_H

#include "instance.h"

/* Boxes of one tree, with repetitions: one box may be there under several names. */
#define STACK_NODES 400
#define STACK_PATH 256

struct stack_node {
	yyjson_mut_val *box;
	int parent;			/* -1 = none */
	bool admin;			/* of the policy */
	char path[STACK_PATH];		/* names of Box variables, "a.b"; "" = the main box; of admin boxes after "@" */
};

struct instance_stack {
	yyjson_mut_val *instance;
	unsigned count, main_count;	/* the main box's tree comes first, each parent before its children */
	unsigned room;			/* nodes that fit */
	struct stack_node *node;	/* malloc */
};

/* The document must outlive it.  db may be NULL: then a version that gave way to a newer one is not found.  To be freed. */
void stack_read(struct db *db, const struct object *instance, struct instance_stack *out);
void stack_free(struct instance_stack *s);
/* The node with this path, -1 = none. */
int stack_find(const struct instance_stack *s, const char *path);

/* The variable that gives the value for `name` of this node: the instance's own, else the outermost parent's that
 * names it by scope, else the box's.  secret: if not NULL, told for each candidate of type Password whether its value
 * is kept under this field; the first kept one wins, and its field is left in `field`. NULL = no such variable. */
#define STACK_FIELD 512
yyjson_mut_val *stack_value(const struct instance_stack *s, unsigned node, const char *name,
	bool (*kept)(void *arg, const char *field), void *arg, char field[STACK_FIELD]);

/* Names of events, in the order of the table in instance_stack.c; NULL past the end. */
const char *stack_event(unsigned i);

/* One script: node of the tree and its event's file reference. */
struct stack_script { unsigned node; yyjson_mut_val *file; };
/* All scripts of an event for one machine in their order: count. */
unsigned stack_scripts(const struct instance_stack *s, const char *event, struct stack_script out[STACK_NODES]);

#endif
