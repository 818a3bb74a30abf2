// qcowfs(8) and the device #Q: what lies around the engine.

#include "cmd/cmds.h"
#include "tests/runprog.h"
#include "tests/test.h"

namespace p9 {

namespace {

constexpr const char* Data = "/mnt/qcow/data";

void
put(std::string_view file, std::string_view s, int64_t off)
{
	Fd fd = open(file, OWRITE);
	pwrite(fd, std::as_bytes(std::span(s)), off);
	close(std::move(fd));
}

std::string
get(std::string_view file, size_t n, int64_t off)
{
	Fd fd = open(file, OREAD);
	std::string s(n, '?');
	s.resize(pread(fd, std::as_writable_bytes(std::span(s)), off));
	close(std::move(fd));
	return s;
}

// Makes an image in memory and serves it.
void
serve(const Argv& more = {})
{
	Argv v = {"qcowfs", "-n", "10m"};
	v.insert(v.end(), more.begin(), more.end());
	v.push_back("/tmp/x.qcow2");
	Ran r = run(v);
	EXPECT_EQ(r.err + r.status, "");
}

// Waits for a server that is ending; time is virtual.
void
settle()
{
	sleep(1000);
}
}

PTEST(qcowfs, QC_1_usage_is_exactly_this)
{
	stdns();
	Ran r = run({"qcowfs"});
	EXPECT_EQ(r.err, "usage: qcowfs [-s srv] [-m mntpt ] [-n size] file\n");
	EXPECT_EQ(r.status, "usage");
	EXPECT_EQ(run({"qcowfs", "-x", "a"}).status, "usage");
	EXPECT_EQ(run({"qcowfs", "a", "b"}).status, "usage");
}

PTEST(qcowfs, QC_1_it_is_mounted_on_mnt_qcow_or_elsewhere_and_posted)
{
	stdns();
	serve();
	EXPECT_TRUE(trystat(Data));
	unmount("", "/mnt/qcow");
	settle();
	EXPECT_FALSE(trystat(Data));
	serve({"-s", "disk", "-m", "/n/d"});
	EXPECT_TRUE(trystat("/n/d/data"));
	EXPECT_TRUE(trystat("/srv/disk"));
	EXPECT_FALSE(trystat(Data));
	EXPECT_EQ(run({"disk/qcowfs", "-m", "/env/no", "/tmp/x.qcow2"}).status,
		"file does not exist: '/env/no'");
	unmount("", "/n/d");
	remove("/srv/disk");
	settle();
}

PTEST(qcowfs, QC_2_sizes_are_whole_numbers_with_a_unit)
{
	stdns();
	const std::pair<const char*, uint64_t> good[] = {
		{"0x100000", 1 << 20}, {"010000", 4096}, {"3m", 3 << 20}, {"1000", 1024}};
	for(auto& [size, want] : good) {
		EXPECT_EQ(run({"qcowfs", "-n", size, "/tmp/s.qcow2"}).err, "");
		EXPECT_EQ(stat(Data).length, want) << size;
		unmount("", "/mnt/qcow");
		settle();
	}
	for(const char* bad : {"3z", "", "-1", "m", "1 m", "99999999t"}) {
		Ran r = run({"qcowfs", "-n", bad, "/tmp/bad.qcow2"});
		EXPECT_EQ(r.err, "qcowfs: bad size: " + std::string(bad) + "\n");
		EXPECT_NE(r.status, "");
	}
	EXPECT_EQ(run({"qcowfs", "-n", "99999999g", "/tmp/big.qcow2"}).err.substr(0, 16),
		"qcowfs: create: ");
}

PTEST(qcowfs, QC_2_without_n_the_image_must_be_there_and_good)
{
	stdns();
	EXPECT_EQ(run({"qcowfs", "/env/no"}).err,
		"qcowfs: open: file does not exist: '/env/no'\n");
	writefile("/tmp/junk", std::string(1024, 'x'));
	EXPECT_EQ(run({"qcowfs", "/tmp/junk"}).err,
		  "qcowfs: open: invalid magic: '/tmp/junk'\n");
	writefile("/tmp/short", "QFI\xfb");
	EXPECT_EQ(run({"qcowfs", "/tmp/short"}).err,
		  "qcowfs: open: short read on header: '/tmp/short'\n");
}

PTEST(qcowfs, a_size_that_no_image_can_have_changes_nothing)
{
	stdns();
	const std::string huge = "0xffffffffffffffff";
	writefile("/tmp/old", "precious");
	EXPECT_EQ(run({"qcowfs", "-n", huge, "/tmp/old"}).err,
		  "qcowfs: create: image too large: '/tmp/old'\n");
	EXPECT_EQ(readfile("/tmp/old"), "precious");
	EXPECT_NE(run({"qcowfs", "-n", huge, "/tmp/new"}).status, "");
	EXPECT_FALSE(trystat("/tmp/new"));
}

PTEST(qcowfs, QC_2_n_truncates_what_was_there)
{
	stdns();
	serve();
	put(Data, "old", 0);
	unmount("", "/mnt/qcow");
	settle();
	serve();
	EXPECT_EQ(get(Data, 3, 0), std::string(3, '\0'));
	unmount("", "/mnt/qcow");
	settle();
}

PTEST(qcowfs, QC_3_the_tree_is_one_file)
{
	stdns();
	serve();
	Dir root = stat("/mnt/qcow");
	EXPECT_EQ(root.mode, DMDIR | 0755u);
	EXPECT_EQ(root.uid, getuser());
	auto l = dirreadall("/mnt/qcow");
	EXPECT_EQ(l.size(), 1u);
	EXPECT_EQ(l.at(0).name, "data");
	EXPECT_EQ(l.at(0).mode, 0666u);
	EXPECT_EQ(l.at(0).length, 10u << 20);
	EXPECT_ERROR(remove(Data), "remove prohibited");
	unmount("", "/mnt/qcow");
	settle();
}

PTEST(qcowfs, QC_7_a_write_past_the_end_is_refused_whole)
{
	stdns();
	serve();
	EXPECT_ERROR(put(Data, "xyz", (10 << 20) - 2), "end of device");
	EXPECT_EQ(get(Data, 10, (10 << 20) - 2), std::string(2, '\0'));
	EXPECT_EQ(get(Data, 10, 10 << 20), "");
	unmount("", "/mnt/qcow");
	settle();
}

PTEST(qcowfs, QC_11_the_image_is_whole_when_the_last_client_has_gone)
{
	stdns();
	serve({"-s", "disk"});
	put(Data, "kept", 5 << 20);
	unmount("", "/mnt/qcow");
	remove("/srv/disk");
	settle();
	EXPECT_EQ(run({"ps"}).out.find("qcowfs"), std::string::npos);
	EXPECT_EQ(run({"qcowfs", "/tmp/x.qcow2"}).status, "");
	EXPECT_EQ(get(Data, 4, 5 << 20), "kept");
	unmount("", "/mnt/qcow");
	settle();
}

PTEST(qcowfs, what_a_writer_has_closed_is_in_the_image)
{
	stdns();
	serve();
	put(Data, "seen", 5 << 20);
	EXPECT_EQ(run({"cp", "/tmp/x.qcow2", "/tmp/copy"}).status, "");
	EXPECT_EQ(run({"qcowfs", "-m", "/n/copy", "/tmp/copy"}).status, "");
	EXPECT_EQ(get("/n/copy/data", 4, 5 << 20), "seen");
	unmount("", "/mnt/qcow");
	unmount("", "/n/copy");
	settle();
}

// What is in the image file at off, as a server that begins now would see it.
static std::string
infile(int64_t off)
{
	EXPECT_EQ(run({"cp", "/tmp/x.qcow2", "/tmp/copy"}).status, "");
	EXPECT_EQ(run({"qcowfs", "-m", "/n/copy", "/tmp/copy"}).status, "");
	std::string s = get("/n/copy/data", 4, off);
	unmount("", "/n/copy");
	settle();
	return s;
}

PTEST(qcowfs, what_was_written_is_in_the_image_when_it_was_quiet_for_five_seconds)
{
	stdns();
	serve();
	Fd fd = open(Data, OWRITE);
	write(fd, "one.");
	EXPECT_NE(infile(0), "one.");
	sleep(5000);
	EXPECT_EQ(infile(0), "one.");
	write(fd, "two.");
	sleep(6000);
	EXPECT_EQ(infile(4), "two.");
	write(fd, "end.");	// whose sync the end does not wait for
	close(std::move(fd));
	unmount("", "/mnt/qcow");
	settle();
	EXPECT_EQ(run({"ps"}).out.find("qcowsync"), std::string::npos);
}

PTEST(qcow, the_device_syncs_what_was_quiet_for_five_seconds)
{
	stdns();
	serve();
	unmount("", "/mnt/qcow");
	settle();
	write(open("#Q/ctl", OWRITE), "open d /tmp/x.qcow2");
	put("#Q/d/data", "dev.", 3 << 20);
	EXPECT_NE(infile(3 << 20), "dev.");
	sleep(6000);
	EXPECT_EQ(infile(3 << 20), "dev.");
	put("#Q/d/data", "more", 0);
	write(open("#Q/ctl", OWRITE), "close d");
	settle();
	EXPECT_EQ(run({"ps"}).out.find("qcowsync"), std::string::npos);
}

PTEST(qcowfs, BQ_25_truncation_is_refused)
{
	stdns();
	serve();
	put(Data, "abc", 0);
	EXPECT_ERROR(open(Data, OWRITE | OTRUNC),
		     "a disk cannot be truncated: '/mnt/qcow/data'");
	Dir d = Dir::dontcare();
	d.length = 5;
	EXPECT_ERROR(wstat(Data, d), "the size of a disk does not change");
	d.length = 10 << 20;
	wstat(Data, d);
	wstat(Data, Dir::dontcare());
	EXPECT_EQ(get(Data, 3, 0), "abc");
	unmount("", "/mnt/qcow");
	settle();
}

PTEST(qcowfs, BQ_26_only_its_user_may_attach)
{
	stdns();
	serve({"-s", "disk"});
	Ran r = run({"mount", "-N", "/srv/disk", "/n/none"});
	EXPECT_NE(r.status, "");
	unmount("", "/mnt/qcow");
	remove("/srv/disk");
	settle();
}

PTEST(qcow, the_device_opens_lists_and_closes_images)
{
	stdns();
	serve();
	unmount("", "/mnt/qcow");
	settle();
	auto ctl = [](std::string_view s) { write(open("#Q/ctl", OWRITE), s); };
	ctl("open d /tmp/x.qcow2");
	EXPECT_EQ(readfile("#Q/ctl"), "d /tmp/x.qcow2 10485760\n");
	EXPECT_EQ(stat("#Q/d/data").length, 10u << 20);
	put("#Q/d/data", "dev", 3 << 20);
	EXPECT_ERROR(put("#Q/d/data", "xx", (10 << 20) - 1), "end of device");
	EXPECT_EQ(get("#Q/d/data", 3, 3 << 20), "dev");
	EXPECT_NE(readfile("#Q/d/ctl").find("cluster 65536"), std::string::npos);
	write(open("#Q/d/ctl", OWRITE), "sync");
	EXPECT_ERROR(ctl("open d /tmp/x.qcow2"), "file already exists: 'd'");
	EXPECT_ERROR(ctl("open e /env/no"), "file does not exist: '/env/no'");
	writefile("/tmp/junk", std::string(1024, 'x'));
	EXPECT_ERROR(ctl("open e /tmp/junk"), "invalid magic: '/tmp/junk'");
	EXPECT_ERROR(ctl("open ctl /tmp/x.qcow2"), "bad arg in system call: 'ctl'");
	EXPECT_ERROR(ctl("close e"), "file does not exist: 'e'");
	EXPECT_ERROR(ctl("frob"), "unknown control message: \"frob\"");
	EXPECT_ERROR(open("#Q/d/data", ORDWR | OTRUNC),
		     "a disk cannot be truncated: '#Q/d/data'");
	{
		Fd held = open("#Q/d/data", OREAD);
		EXPECT_ERROR(ctl("close d"), "device or object already in use: 'd'");
		close(std::move(held));	// at once, not by the close queue
	}
	ctl("close d");
	EXPECT_EQ(readfile("#Q/ctl"), "");
	ctl("open d /tmp/x.qcow2");
	EXPECT_EQ(get("#Q/d/data", 3, 3 << 20), "dev");
	write(open("#Q/d/ctl", OWRITE), "close");
}

PTEST(qcow, what_is_open_at_the_machines_end_is_closed)
{
	stdns();
	serve();
	unmount("", "/mnt/qcow");
	settle();
	write(open("#Q/ctl", OWRITE), "open d /tmp/x.qcow2");
	put("#Q/d/data", "x", 0);
	open("#Q/d/data", OREAD).release();
}
}
