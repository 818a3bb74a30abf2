// The host's descriptors 0, 1 and 2.

#pragma once

namespace p9 {

// Before boot, once: finds out what they are.  A closed one becomes /dev/null.
void stdstart();
}
