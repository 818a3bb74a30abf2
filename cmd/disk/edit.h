// The partition editor that fdisk and prep share: commands of one letter from standard
// input, a list of partitions, and the disk's ctl file brought up to date.  As prep(8)
// of Plan 9; what they differ in is virtual.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/disk/disk.h"
#include "cmd/prog.h"

namespace p9 {

struct Diskpart {
	std::string name;
	std::string ctlname;	// in the ctl file; empty: it has none there
	int64_t start = 0;	// in the editor's units
	int64_t end = 0;
	int64_t ctlstart = 0;	// in sectors
	int64_t ctlend = 0;
	bool changed = false;

	virtual ~Diskpart() = default;
};

class Diskedit {
public:
	// What a command answers: empty, or what is printed behind a question mark.
	using Answer = std::string;
	using Words = std::vector<std::string>;

	Diskedit(Disk& d, std::string_view unitname, int64_t unitsize, int64_t n);
	virtual ~Diskedit() = default;

	// Commands until the end of the input or q; then it exits.
	[[noreturn]] void run();
	Answer runcmd(std::string_view line);	// prints what is wrong as well

protected:
	Disk& disk;
	Bout out{1};
	const std::string unit;
	const int64_t unitsz;	// bytes
	const int64_t end;	// units
	std::vector<std::unique_ptr<Diskpart>> parts;	// by their start
	bool changed = false;

	virtual Answer add(const std::string& name, int64_t start, int64_t n) = 0;
	virtual Answer okname(std::string_view name) = 0;
	// One line of the p command; p is null for what is free.
	virtual void sum(const Diskpart* p, int64_t start, int64_t n) = 0;
	virtual Answer write() = 0;
	virtual Answer extra(const Words&) { return "unknown command"; }
	virtual std::string extrahelp() { return {}; }
	virtual void namectls() {}	// fills ctlname of all

	Diskpart* findpart(std::string_view name);
	// Puts p in its place.  Places may overlap: what a disk says is shown.
	Answer addpart(std::unique_ptr<Diskpart> p);
	// The next line of the input.  At its end it exits.
	std::string getline();
	void flush();
	// Prints on descriptor 2, behind what is waiting for descriptor 1.
	void say(std::string_view text);
	// What the p command calls a size.
	std::string sizetext(int64_t bytes);

	// Brings the ctl file up to date, if there is one.
	void updatectl();
	// Makes the ctl file say what it said in the beginning; false when it cannot.
	bool restorectl();

private:
	Bin in{0};
	int64_t dot = 0;
	bool warned = false;
	char lastcmd = 0;
	std::vector<Sdpart> before;	// the ctl file's partitions in this one

	std::vector<Sdpart> ctlparts();
	bool send(int fd, std::string_view cmd, const std::string& name,
		std::string_view place);
	// Sends the messages that bring the ctl file up to date.
	bool ctldiff(int fd);
	int64_t place(std::string_view text, int64_t dollar);
	Answer taken(std::string_view name);
	Answer addcmd(const Words& f);
	Answer docmd(const Words& f);
	Answer dotcmd(const Words& f);
	Answer delcmd(const Words& f);
	Answer printcmd(const Words& f);
	Answer ctlcmd(const Words& f);
	Answer writecmd(const Words& f);
	Answer quitcmd(const Words& f);
	Answer helpcmd();
};
}
