/*
 * sim: core's engine in a world of its own: clock, random numbers, disk and messages come from a seed; core, the room,
 * agents and machines die and return; people ask for things.  What must never happen is looked for all the time.
 *
 * queue.c: time and what happens when.  life.c: core.  room.c: a provider's worker and its cloud.  agents.c: machines
 * and their agents.  people.c: who asks.  checks.c: what must hold.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/agent.h"
#include "core/flow.h"
#include "core/instance.h"
#include "core/plant.h"
#include "core/prepare.h"
#include "core/turn.h"
#include "core/verbs_instances.h"
#include "plat/clock.h"
#include "plat/random.h"

#define SECOND PLAT_SECOND
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* ---- queue.c ---- */

uint32_t sim_random(uint32_t below);
/* Once in n. */
bool sim_chance(uint32_t n);
/* Between both, µs. */
int64_t sim_between(int64_t from, int64_t to);
int64_t sim_now(void);
/* Calls fn(a, text) then; text is copied and freed afterwards. */
void sim_at(int64_t delay, void (*fn)(int64_t a, char *text), int64_t a, const char *text);
/* Runs what is due up to that time. */
void sim_run(int64_t until);
void sim_queue_reset(uint64_t seed);
/* The machine core runs on was restarted; somebody set the clock. */
void sim_reboot(void);
void sim_set_clock(int64_t by);

extern bool sim_faults;			/* things still go wrong */
extern bool sim_verbose;
void sim_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- life.c ---- */

extern struct db *core_db;		/* NULL = core is down */
struct sim_job { int (*run)(struct db *db, void *arg); void *arg; };
/* One change, by core's writer.  False when core is down, or died before its answer left: then the caller hears nothing,
 * and whether it was made is not known. */
bool core_do(int (*run)(struct db *db, void *arg), void *arg);
void core_reset(void);
void core_close(void);
/* Kills the process; power: of the whole machine. */
void core_kill(bool power);
/* There may be something to do. */
void core_kick(void);
unsigned long core_kills(void);

/* ---- room.c ---- */

void room_reset(void);
/* A frame from core. */
void room_task(const char *json);
void room_cancel(int64_t task, int64_t fence);
void room_core_is_up(void);
void room_core_is_down(void);
void room_kill(void);
/* Once a minute at the end: nothing runs that was cancelled long ago. */
void room_check_idle(void);
/* Machines that are there, with this key; NULL = all. */
unsigned cloud_count(const char *key);
/* Is the machine with this external id there? */
bool cloud_has(const char *external_id);

/* ---- agents.c ---- */

void agents_reset(void);
void agent_made(const char *machine, const char *token, const char *external_id);
void agent_gone(const char *external_id);
void agent_power(const char *external_id, bool on);
/* A frame from core for a channel. */
void agent_frame_in(int64_t channel, const char *json, int close);
void agents_core_is_up(void);
/* Something happens to one of them: its process, its machine, its network. */
void agent_trouble(void);
/* All channels end: api was restarted. */
void agents_api_restarts(void);
/* A copy of one of the machines tries its token. */
void agent_copy_tries(void);
void agents_check_idle(void);

/* ---- people.c ---- */

void people_reset(void);
/* Asks for something. */
void people_act(void);
void people_check(void);

/* ---- checks.c ---- */

extern unsigned long sim_violations;
extern char sim_first[400];
void sim_violation(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void checks_reset(void);
/* After each change, on what is kept. */
void checks_after(void);
/* A result was acknowledged. */
void checks_acknowledged(int64_t task, int64_t fence);
/* A script begins on a machine. */
void checks_script_begins(const char *machine, int64_t task);
/* At the end, when everything had its time. */
bool checks_settled(void);
void checks_end(void);

#endif
