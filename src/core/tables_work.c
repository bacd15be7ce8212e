/* Tables of work: operations as they are carried out, machines, schedules: a step of the schema. */
#include "truth.h"

/*
 * A task of an instance's operation: `flow` is the operation's id, `step` its place in the plan, `part` the script's place
 * in its machine's order.  While it waits: due_boot (DUE_NEVER = its machine is away), wait_boot the latest time to be
 * given out.  While it is leased: deadline_boot; `deadline` is the wall clock's, for the next boot.  cancel: 1 = the worker is to
 * stop, 2 = it was told; also of a task whose time is over while its worker goes on.
 */
#define TASK \
	"ALTER TABLE task ADD COLUMN flow TEXT NOT NULL DEFAULT '';" \
	"ALTER TABLE task ADD COLUMN step INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE task ADD COLUMN part INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE task ADD COLUMN instance TEXT NOT NULL DEFAULT '';" \
	"ALTER TABLE task ADD COLUMN machine TEXT NOT NULL DEFAULT '';" \
	"ALTER TABLE task ADD COLUMN provider TEXT NOT NULL DEFAULT '';" \
	"ALTER TABLE task ADD COLUMN workspace TEXT NOT NULL DEFAULT '';" \
	"ALTER TABLE task ADD COLUMN attempts_max INTEGER NOT NULL DEFAULT 10;" \
	"ALTER TABLE task ADD COLUMN wait INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE task ADD COLUMN wait_boot INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE task ADD COLUMN run INTEGER NOT NULL DEFAULT 3600;" \
	"ALTER TABLE task ADD COLUMN deadline INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE task ADD COLUMN deadline_boot INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE task ADD COLUMN cancel INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE task ADD COLUMN activity TEXT NOT NULL DEFAULT '';" \
	"ALTER TABLE task ADD COLUMN started INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE task ADD COLUMN finished INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE task ADD COLUMN exit_code INTEGER;" \
	"ALTER TABLE task ADD COLUMN output_length INTEGER NOT NULL DEFAULT 0;" \
	"CREATE INDEX task_flow ON task(flow, step) WHERE flow <> '';" \
	"CREATE INDEX task_machine ON task(machine, state) WHERE machine <> '';" \
	"CREATE INDEX task_instance ON task(instance, id) WHERE instance <> '';" \
	"CREATE INDEX task_wait ON task(wait_boot) WHERE state = 'waiting' AND wait_boot > 0;" \
	"CREATE INDEX task_deadline ON task(deadline_boot) WHERE state = 'leased' AND deadline_boot > 0;" \
	"CREATE INDEX task_fair ON task(worker, workspace, provider, due_boot, id) WHERE state = 'waiting';" \
	"CREATE INDEX task_leased ON task(worker, workspace) WHERE state = 'leased';" \
	"CREATE INDEX task_provider ON task(provider) WHERE state = 'leased' AND provider <> '';" \
	"CREATE INDEX task_script ON task(due_boot, id) WHERE state = 'waiting' AND kind = 'script';" \
	"CREATE INDEX task_cancel ON task(cancel) WHERE cancel = 1;"

/* An operation of an instance while it is carried out and after: operation = the object's id, plan = where its steps are
 * (plan.c), state: as in chart.c; due_boot: of one that is queued; why = the first failure. */
#define FLOW \
	"CREATE TABLE flow(operation TEXT PRIMARY KEY, instance TEXT NOT NULL, workspace TEXT NOT NULL, provider TEXT NOT NULL," \
	" plan TEXT NOT NULL, step INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, due_boot INTEGER NOT NULL," \
	" why TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, updated INTEGER NOT NULL) WITHOUT ROWID;" \
	"CREATE INDEX flow_instance ON flow(instance);" \
	"CREATE INDEX flow_queued ON flow(workspace, due_boot) WHERE state = 'queued';" \
	"CREATE INDEX flow_age ON flow(updated) WHERE state IN ('done', 'unavailable');"

/* state: as in chart.c.  tried: 1 = a create was given out, so there may be one.  channel: api's number of its
 * agent's connection, 0 = none.  public, private: addresses.  clone: a fingerprint that was refused. */
#define MACHINE \
	"CREATE TABLE machine(id TEXT PRIMARY KEY, instance TEXT NOT NULL, service TEXT NOT NULL, provider TEXT NOT NULL," \
	" number INTEGER NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, tried INTEGER NOT NULL DEFAULT 0," \
	" token_hash BLOB, token_number INTEGER NOT NULL DEFAULT 1, fingerprint TEXT NOT NULL DEFAULT ''," \
	" clone TEXT NOT NULL DEFAULT '', boot_id TEXT NOT NULL DEFAULT '', external_id TEXT NOT NULL DEFAULT ''," \
	" public TEXT NOT NULL DEFAULT '', private TEXT NOT NULL DEFAULT '', hostname TEXT NOT NULL DEFAULT ''," \
	" version TEXT NOT NULL DEFAULT '', facts TEXT NOT NULL DEFAULT '{}', channel INTEGER NOT NULL DEFAULT 0," \
	" last_seen INTEGER NOT NULL DEFAULT 0, last_close INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL," \
	" updated INTEGER NOT NULL) WITHOUT ROWID;" \
	"CREATE UNIQUE INDEX machine_token ON machine(token_hash) WHERE token_hash IS NOT NULL;" \
	"CREATE INDEX machine_instance ON machine(instance, number);" \
	"CREATE INDEX machine_provider ON machine(provider) WHERE provider <> '';" \
	"CREATE INDEX machine_channel ON machine(channel) WHERE channel <> 0;"

/* Rooms that carry out tasks: slots = tasks at once, seen = when it last connected, last_*: whose task it was given
 * last, for the next turn goes on after it. */
#define WORKER \
	"CREATE TABLE worker(name TEXT PRIMARY KEY, slots INTEGER NOT NULL DEFAULT 1, connected INTEGER NOT NULL DEFAULT 0," \
	" seen INTEGER NOT NULL, last_workspace TEXT NOT NULL DEFAULT '', last_provider TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"

/* Recurrent work: rule = "every <seconds>" or five fields as cron's, UTC; last, next are the wall clock's, *_boot the
 * boot clock's; task: what the last run made, while it is open the next run is left out. */
#define SCHEDULE \
	"CREATE TABLE schedule(key TEXT PRIMARY KEY, kind TEXT NOT NULL, object TEXT NOT NULL, rule TEXT NOT NULL," \
	" catch_up TEXT NOT NULL, jitter INTEGER NOT NULL, last INTEGER NOT NULL, last_boot INTEGER NOT NULL," \
	" next INTEGER NOT NULL, next_boot INTEGER NOT NULL, task INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;" \
	"CREATE INDEX schedule_due ON schedule(next_boot);" \
	"CREATE INDEX schedule_object ON schedule(object);"

/* What a Binding variable found when it was last looked for; address: what the target had then. */
#define BINDING \
	"CREATE TABLE binding(instance TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, target TEXT NOT NULL," \
	" address TEXT NOT NULL, PRIMARY KEY(instance, scope, name, target)) WITHOUT ROWID;" \
	"CREATE INDEX binding_target ON binding(target);" \
	"CREATE INDEX instance_automatic ON object(id) WHERE kind = 5 AND json_extract(doc, '$.automatic_reconfiguration') = 1;"

/* Machines a provider has and no row knows: since when. */
#define STRAY \
	"CREATE TABLE stray(provider TEXT NOT NULL, external_id TEXT NOT NULL, key TEXT NOT NULL, since_boot INTEGER NOT NULL," \
	" seen INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(provider, external_id)) WITHOUT ROWID;"

const char core_tables_work[] = TASK FLOW MACHINE WORKER SCHEDULE BINDING STRAY;

/* How often its worker was lost, or came back without it. */
const char core_tables_lost[] = "ALTER TABLE task ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;";

/* Tasks that are gone and whose output store still has. */
const char core_tables_output[] = "CREATE TABLE output_gone(task INTEGER PRIMARY KEY);";
