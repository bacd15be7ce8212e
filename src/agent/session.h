/* session: ends everything a script started, without control groups. */
#ifndef CAM_AGENT_SESSION_H
#define CAM_AGENT_SESSION_H

#include <sys/types.h>

/* Asks the session's processes to end, waits a moment, kills what is left until nothing is. */
void session_end(pid_t session);
/* Kills what the file "child" of a step's directory names, if it is still that. */
void session_kill_recorded(int dir);
/* When a process began, in the kernel's ticks since boot; 0 = there is none. */
unsigned long long session_start(pid_t pid);

#endif
