// References counted in the object: Counted is the count, Ref<T> holds one
// reference.  Borrow with T&; keep or consume with a Ref<T> by value.
// Swap a Ref under a lock, drop it outside.

#pragma once

#include <atomic>
#include <cassert>
#include <concepts>
#include <type_traits>
#include <utility>

namespace p9 {

class Counted {
public:
	mutable std::atomic<long> ref{1};

	Counted() = default;
	Counted(const Counted&) = delete;
	Counted& operator=(const Counted&) = delete;

	// The last reference is gone.  An object whose end must sleep (a Chan)
	// overrides this to hand itself to somebody who may; nobody else does.
	virtual void lastdrop() noexcept { delete this; }

protected:
	virtual ~Counted() = default;
};

template<class T> class Ref {
	T* p = nullptr;

public:
	Ref() = default;
	Ref(std::nullptr_t) {}
	explicit Ref(T& t) : p(&t) { p->ref.fetch_add(1, std::memory_order_relaxed); }
	Ref(const Ref& r) : p(r.p)
	{
		if(p)
			p->ref.fetch_add(1, std::memory_order_relaxed);
	}
	Ref(Ref&& r) noexcept : p(std::exchange(r.p, nullptr)) {}
	template<std::derived_from<T> U> Ref(Ref<U> r) noexcept : p(r.release()) {}
	Ref& operator=(Ref r) noexcept
	{
		std::swap(p, r.p);
		return *this;
	}
	~Ref()
	{
		if(p && p->ref.fetch_sub(1, std::memory_order_acq_rel) == 1)
			const_cast<std::remove_const_t<T>*>(p)->lastdrop();
	}

	// Takes over the reference that t was made with.
	static Ref adopt(T* t)
	{
		Ref r;
		r.p = t;
		return r;
	}

	// Gives the reference up; the caller now owns it.
	T* release() { return std::exchange(p, nullptr); }

	T* get() const { return p; }
	T* operator->() const
	{
		assert(p);
		return p;
	}
	T& operator*() const
	{
		assert(p);
		return *p;
	}
	explicit operator bool() const { return p != nullptr; }
	bool operator==(const Ref&) const = default;
};

template<class T, class... A>
Ref<T>
mk(A&&... a)
{
	return Ref<T>::adopt(new T(std::forward<A>(a)...));
}
}
