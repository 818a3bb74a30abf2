// What the host's signals mean here.

#pragma once

namespace p9 {

// First thing in main: no thread takes a signal but the one that signalstart makes.
void signalblock();
// ^C goes to the foreground, SIGTERM and SIGHUP end the machine (the second one at
// once), SIGUSR1 says what each Proc waits for.
void signalstart();

// Every thread that runs Procs has one while it runs: faults have a stack of their own,
// put the terminal back and name the Proc.
class Faultstack {
	void* p;

public:
	Faultstack();
	~Faultstack();
	Faultstack(const Faultstack&) = delete;
};
}
