/* fleet/heap.c: one timer a phone, the nearest of all its times, in a binary heap of phones. */
#include "fleet/internal.h"

static uint64_t due(const struct fleet_phone *p)
{
	uint64_t at = p->ph ? p->ph_at : NEVER;

	if (p->life_at < at)
		at = p->life_at;
	return p->limit_at < at ? p->limit_at : at;
}

static struct fleet_phone *at(const struct fleet *f, unsigned i)
{
	return &f->phone[f->heap[i]];
}

static void put(struct fleet *f, unsigned i, uint32_t phone)
{
	f->heap[i] = phone;
	f->phone[phone].heap_at = i;
}

static void swap(struct fleet *f, unsigned a, unsigned b)
{
	uint32_t phone = f->heap[a];

	put(f, a, f->heap[b]);
	put(f, b, phone);
}

static bool up(struct fleet *f, unsigned i)
{
	bool moved = false;

	for (; i && due(at(f, i)) < due(at(f, (i - 1) / 2)); i = (i - 1) / 2, moved = true)
		swap(f, i, (i - 1) / 2);
	return moved;
}

static void down(struct fleet *f, unsigned i)
{
	for (;;) {
		unsigned least = i, left = 2 * i + 1;

		for (unsigned c = left; c < left + 2 && c < f->heaped; c++)
			if (due(at(f, c)) < due(at(f, least)))
				least = c;
		if (least == i)
			return;
		swap(f, i, least);
		i = least;
	}
}

void heap_update(struct fleet *f, struct fleet_phone *p)
{
	if (!up(f, p->heap_at))
		down(f, p->heap_at);
}

uint64_t heap_first(const struct fleet *f)
{
	return f->heaped ? due(at(f, 0)) : NEVER;
}

struct fleet_phone *heap_due(struct fleet *f)
{
	return heap_first(f) <= f->now ? at(f, 0) : NULL;
}
