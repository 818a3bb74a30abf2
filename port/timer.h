// The kernel's timers and its clock: one ordered set, looked at by whoever runs
// the event loop.

#pragma once

#include <cstdint>

namespace p9 {

// Runs the timers that are due.  Any worker.
void timersrun();
// Nanoseconds until the first one: 0 when it is due, -1 when there is none.
int64_t timersnext();
// Test mode: the clock is virtual.  Jumps to the first timer; false when there is none.
bool timersjump();
void timersreset(bool isvirtual);
}
