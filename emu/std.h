// The host's descriptors 0, 1 and 2.

#pragma once

namespace p9 {

// Before boot, once: finds out what they are.  A closed one becomes /dev/null.
void stdstart();

// Before boot: 0 and 1 carry a protocol, so they are no console.  That is empty when it
// is read then, and what is written to it goes to 2.
void consaside();
}
