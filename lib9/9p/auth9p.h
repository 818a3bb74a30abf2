// Authentication of clients: hooks for a Srv whose auth files are conversations of a
// protocol, as factotum(4) holds them.  auth(2), attach(5).
//
//	void auth(Req& r) override { auth9p(r, newconversation()); }
//	void attach(Req& r) override { if(authattach(r)) ...; }
//	void read(Req& r) override
//	{
//		if(r.fid->qid.type & QTAUTH)
//			return authread(r);
//		...
//	}

#pragma once

#include <string>

#include "lib9/9p/srv.h"

namespace p9 {

// The server's side of one authentication.  Called by one Proc at a time.
class Authconv : public Counted {
public:
	enum Step {
		Ok,
		Done,	// the client has proved who it is
		Phase,	// it is the other side's turn
		Failed,	// for good
	};
	// The server's next message, at most max bytes.
	virtual Step read(std::string& out, size_t max) = 0;
	// The client's next message.
	virtual Step write(Bytes) = 0;
	// Who the client is, once Done.
	virtual std::string user() = 0;
	// Why it Failed.
	virtual std::string why() = 0;
};

// The hooks answer r.
void auth9p(Req& r, Ref<Authconv> c);
void authread(Req& r);
void authwrite(Req& r);
// Whether the afid of a Tattach has proved that its client is who it says, for this tree;
// has answered r when it has not.
bool authattach(Req& r);
}
