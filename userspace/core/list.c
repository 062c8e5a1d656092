// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list.c - named lists in one path-compressed binary trie per address family.
 * A node without items only joins two branches. Depth is at most 129, so
 * recursion is bounded.
 */
#include <errno.h>
#include <string.h>

#include "list.h"

#define LIST_DEPTH_MAX 130 /* one node per prefix length, and the empty link behind the last */

/* One list's claim on the prefix of its node. */
struct claim {
	struct claim *next;
	char *reason; /* NULL: none given */
	uint64_t expires, created;
	uint32_t sid;
	uint16_t list;
	uint8_t flags, severity;
};

struct node {
	struct prefix prefix;
	struct node *child[2];
	struct claim *claims; /* by list index; NULL: joins branches only */
};

struct list_set {
	struct node *root[2]; /* IPv6, IPv4: ::/0 does not cover IPv4, as the kernel keeps them apart too */
	uint32_t max_entries, total;
	uint32_t prefixes;    /* that somebody lists */
	uint64_t next_expiry; /* nothing expires before; 0: nothing expires */
	uint16_t lists;
	uint32_t count[SEKI_MAX_LISTS];
	char name[SEKI_MAX_LISTS][LIST_NAME_MAX];
};

/* --- trie */

static unsigned int prefix_bit(const struct prefix *p, unsigned int at)
{
	return p->addr[at / 8] >> (7 - at % 8) & 1;
}

/* The longest prefix that contains both. */
static struct prefix prefix_common(const struct prefix *a, const struct prefix *b)
{
	unsigned int shortest = a->len < b->len ? a->len : b->len, bits = 0;
	struct prefix common = {0};

	while (bits < shortest && prefix_bit(a, bits) == prefix_bit(b, bits))
		bits++;
	common.len = (uint8_t)bits;
	memcpy(common.addr, a->addr, bits / 8);
	if (bits % 8)
		common.addr[bits / 8] = (uint8_t)(a->addr[bits / 8] & (0xff00 >> (bits % 8)));
	return common;
}

static struct node *node_new(const struct prefix *prefix)
{
	struct node *node = calloc(1, sizeof(*node));

	if (node)
		node->prefix = *prefix;
	return node;
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && !memcmp(a->addr, b->addr, sizeof(a->addr));
}

/* Links from the root down to where prefix is or would be; the last one is path[*depth]. */
static void trie_descend(struct node **root, const struct prefix *prefix, struct node **path[LIST_DEPTH_MAX],
			 unsigned int *depth)
{
	unsigned int at = 0;

	path[0] = root;
	while (*path[at] && (*path[at])->prefix.len < prefix->len &&
	       prefix_contains(&(*path[at])->prefix, prefix)) {
		path[at + 1] = &(*path[at])->child[prefix_bit(prefix, (*path[at])->prefix.len)];
		at++;
	}
	*depth = at;
}

/* The node of prefix, made when absent. NULL: out of memory. */
static struct node *trie_insert(struct list_set *set, const struct prefix *prefix)
{
	struct node **path[LIST_DEPTH_MAX], **link, *node, *join, *old;
	struct prefix common;
	unsigned int depth;

	trie_descend(&set->root[prefix_is_v4(prefix)], prefix, path, &depth);
	link = path[depth];
	old = *link;
	if (old && same_prefix(&old->prefix, prefix))
		return old;
	node = node_new(prefix);
	if (!node)
		return NULL;
	if (!old) {
		*link = node;
		return node;
	}
	common = prefix_common(&old->prefix, prefix);
	if (common.len == prefix->len) {
		node->child[prefix_bit(&old->prefix, prefix->len)] = old;
		*link = node;
		return node;
	}
	join = node_new(&common);
	if (!join) {
		free(node);
		return NULL;
	}
	join->child[prefix_bit(prefix, common.len)] = node;
	join->child[prefix_bit(&old->prefix, common.len)] = old;
	*link = join;
	return node;
}

/* Takes a node without claims out when it joins nothing any more. */
static void trie_collapse(struct list_set *set, struct node **link)
{
	struct node *node = *link;

	if (node->claims)
		return;
	if (node->child[0] && node->child[1])
		return;
	*link = node->child[0] ? node->child[0] : node->child[1];
	free(node);
}

/* --- claims */

static void claim_free(struct claim *claim)
{
	free(claim->reason);
	free(claim);
}

/* The link where the list's claim is or belongs. */
static struct claim **claim_link(struct node *node, uint16_t list)
{
	struct claim **at = &node->claims;

	while (*at && (*at)->list < list)
		at = &(*at)->next;
	return at;
}

static void claim_unlink(struct list_set *set, struct node *node, struct claim **link)
{
	struct claim *claim = *link;

	*link = claim->next;
	set->prefixes -= link == &node->claims && !node->claims;
	set->count[claim->list]--;
	set->total--;
	claim_free(claim);
}

static int claim_new(const struct list_item *item, struct claim **out)
{
	struct claim *claim = calloc(1, sizeof(*claim));

	if (!claim)
		return -ENOMEM;
	*claim = (struct claim){
		.expires = item->expires,
		.created = item->created,
		.sid = item->sid,
		.list = item->list,
		.flags = item->flags,
		.severity = item->severity,
	};
	if (item->reason[0]) {
		claim->reason = strdup(item->reason);
		if (!claim->reason) {
			free(claim);
			return -ENOMEM;
		}
	}
	*out = claim;
	return 0;
}

static void claim_show(const struct node *node, const struct claim *claim, struct list_item *item)
{
	*item = (struct list_item){
		.prefix = node->prefix,
		.list = claim->list,
		.flags = claim->flags,
		.severity = claim->severity,
		.sid = claim->sid,
		.expires = claim->expires,
		.created = claim->created,
	};
	if (claim->reason)
		memcpy(item->reason, claim->reason, strlen(claim->reason) + 1);
}

/* --- the set */

int list_set_new(uint32_t max_entries, struct list_set **out)
{
	struct list_set *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->max_entries = max_entries;
	set->lists = 1;
	strcpy(set->name[LIST_MANUAL], "manual");
	*out = set;
	return 0;
}

int list_limit(struct list_set *set, uint32_t max_entries)
{
	if (set->total > max_entries)
		return -ENOSPC;
	set->max_entries = max_entries;
	return 0;
}

uint32_t list_limit_get(const struct list_set *set)
{
	return set->max_entries;
}

static void node_free(struct node *node)
{
	if (!node)
		return;
	node_free(node->child[0]);
	node_free(node->child[1]);
	for (struct claim *c = node->claims, *next; c; c = next) {
		next = c->next;
		claim_free(c);
	}
	free(node);
}

void list_set_free(struct list_set *set)
{
	if (!set)
		return;
	node_free(set->root[0]);
	node_free(set->root[1]);
	free(set);
}

static bool name_is_good(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= LIST_NAME_MAX || *name == '.' || *name == '-')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

int list_index(struct list_set *set, const char *name, bool create, uint16_t *index)
{
	uint16_t unused = set->lists;

	if (!name_is_good(name))
		return -EINVAL;
	for (uint16_t i = 0; i < set->lists; i++) {
		if (!strcmp(set->name[i], name)) {
			*index = i;
			return 0;
		}
		if (!*set->name[i] && unused == set->lists)
			unused = i;
	}
	if (!create)
		return -ENOENT;
	if (unused == SEKI_MAX_LISTS)
		return -ENOSPC;
	strcpy(set->name[unused], name);
	set->lists += unused == set->lists;
	*index = unused;
	return 0;
}

const char *list_name(const struct list_set *set, uint16_t index)
{
	return index < set->lists && *set->name[index] ? set->name[index] : NULL;
}

static bool item_is_good(const struct list_set *set, const struct list_item *item)
{
	const unsigned int directions = SEKI_ENTRY_SRC | SEKI_ENTRY_DST;

	return prefix_is_canonical(&item->prefix) && list_name(set, item->list) &&
	       (item->flags & directions) &&
	       !(item->flags & ~(directions | SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW)) &&
	       /* An exception that ended by itself would leave nothing in its place before the next change.
		*/
	       !(item->flags & SEKI_ENTRY_ALLOW && (item->expires || item->flags & SEKI_ENTRY_ALERT)) &&
	       item->severity < SEKI_SEVERITY_MAX && memchr(item->reason, '\0', sizeof(item->reason));
}

int list_add(struct list_set *set, const struct list_item *item)
{
	struct claim *claim = NULL, **link;
	struct node **path[LIST_DEPTH_MAX], *node;
	unsigned int depth;
	bool replaces;
	int err;

	if (!item_is_good(set, item))
		return -EINVAL;
	trie_descend(&set->root[prefix_is_v4(&item->prefix)], &item->prefix, path, &depth);
	node = *path[depth];
	if (node && !same_prefix(&node->prefix, &item->prefix))
		node = NULL;
	link = node ? claim_link(node, item->list) : NULL;
	replaces = link && *link && (*link)->list == item->list;
	if (!replaces && set->total >= set->max_entries)
		return -ENOSPC;
	err = claim_new(item, &claim);
	if (err)
		return err;
	if (!node)
		node = trie_insert(set, &item->prefix);
	if (!node) {
		claim_free(claim);
		return -ENOMEM;
	}
	link = claim_link(node, item->list);
	if (replaces)
		claim_unlink(set, node, link);
	set->prefixes += !node->claims;
	claim->next = *link;
	*link = claim;
	set->count[item->list]++;
	set->total++;
	if (item->expires && (!set->next_expiry || item->expires < set->next_expiry))
		set->next_expiry = item->expires;
	return 0;
}

int list_remove(struct list_set *set, uint16_t list, const struct prefix *prefix)
{
	struct node **path[LIST_DEPTH_MAX], *node;
	struct claim **link;
	unsigned int depth;

	if (!prefix_is_canonical(prefix))
		return -ENOENT;
	trie_descend(&set->root[prefix_is_v4(prefix)], prefix, path, &depth);
	node = *path[depth];
	if (!node || !same_prefix(&node->prefix, prefix))
		return -ENOENT;
	link = claim_link(node, list);
	if (!*link || (*link)->list != list)
		return -ENOENT;
	claim_unlink(set, node, link);
	trie_collapse(set, path[depth]);
	/* A join above may have lost its second branch. */
	if (depth > 0)
		trie_collapse(set, path[depth - 1]);
	return 0;
}

/* Removes the claims of one list, or with list SEKI_MAX_LISTS those that expired before now; from the leaves
 * up. */
static void trie_prune(struct list_set *set, struct node **link, uint16_t list, uint64_t now)
{
	struct node *node = *link;

	if (!node)
		return;
	trie_prune(set, &node->child[0], list, now);
	trie_prune(set, &node->child[1], list, now);
	for (struct claim **at = &node->claims; *at;) {
		const struct claim *c = *at;

		if (list < SEKI_MAX_LISTS ? c->list == list : c->expires && c->expires <= now) {
			claim_unlink(set, node, at);
			continue;
		}
		if (c->expires && (!set->next_expiry || c->expires < set->next_expiry))
			set->next_expiry = c->expires;
		at = &(*at)->next;
	}
	trie_collapse(set, link);
}

static uint32_t prune_all(struct list_set *set, uint16_t list, uint64_t now)
{
	uint32_t before = set->total;

	set->next_expiry = 0;
	trie_prune(set, &set->root[0], list, now);
	trie_prune(set, &set->root[1], list, now);
	return before - set->total;
}

void list_clear(struct list_set *set, uint16_t list)
{
	if (list < set->lists && set->count[list] > 0)
		prune_all(set, list, 0);
}

void list_forget(struct list_set *set, uint16_t list)
{
	list_clear(set, list);
	if (list != LIST_MANUAL && list < set->lists)
		set->name[list][0] = '\0';
}

uint32_t list_expire(struct list_set *set, uint64_t now)
{
	if (!set->next_expiry || set->next_expiry > now)
		return 0;
	return prune_all(set, SEKI_MAX_LISTS, now);
}

uint32_t list_count(const struct list_set *set, uint16_t list)
{
	return list < set->lists ? set->count[list] : 0;
}

uint32_t list_total(const struct list_set *set)
{
	return set->total;
}

/* --- reading */

void list_why(const struct list_set *set, const struct prefix *addr, list_item_fn fn, void *arg)
{
	const struct node *covers[LIST_DEPTH_MAX], *node = set->root[prefix_is_v4(addr)];
	unsigned int depth = 0;
	struct list_item item;

	while (node && prefix_contains(&node->prefix, addr)) {
		covers[depth++] = node;
		if (node->prefix.len >= addr->len)
			break;
		node = node->child[prefix_bit(addr, node->prefix.len)];
	}
	while (depth-- > 0) {
		for (const struct claim *c = covers[depth]->claims; c; c = c->next) {
			claim_show(covers[depth], c, &item);
			if (fn(&item, arg))
				return;
		}
	}
}

static int each_below(const struct node *node, uint16_t list, list_item_fn fn, void *arg)
{
	struct list_item item;

	if (!node)
		return 0;
	for (const struct claim *c = node->claims; c; c = c->next) {
		if (c->list != list)
			continue;
		claim_show(node, c, &item);
		if (fn(&item, arg))
			return 1;
	}
	return each_below(node->child[0], list, fn, arg) || each_below(node->child[1], list, fn, arg);
}

/* Is every prefix of the branch at or before after, in the order of prefix_compare()? */
static bool branch_is_before(const struct node *node, const struct prefix *after)
{
	return prefix_compare(&node->prefix, after) < 0 && !prefix_contains(&node->prefix, after);
}

static int each_below_after(const struct node *node, uint16_t list, const struct prefix *after,
			    list_item_fn fn, void *arg)
{
	if (!node || branch_is_before(node, after))
		return 0;
	if (prefix_compare(&node->prefix, after) > 0)
		return each_below(node, list, fn, arg);
	return each_below_after(node->child[0], list, after, fn, arg) ||
	       each_below_after(node->child[1], list, after, fn, arg);
}

void list_each_after(const struct list_set *set, uint16_t list, const struct prefix *after, list_item_fn fn,
		     void *arg)
{
	if (!prefix_is_v4(after)) {
		each_below_after(set->root[0], list, after, fn, arg);
		return;
	}
	if (!each_below_after(set->root[1], list, after, fn, arg))
		each_below(set->root[0], list, fn, arg);
}

void list_each(const struct list_set *set, uint16_t list, list_item_fn fn, void *arg)
{
	if (!each_below(set->root[1], list, fn, arg))
		each_below(set->root[0], list, fn, arg);
}

/* --- flattening */

/* What the live claims at and above a node add up to, for one action. */
struct fold {
	const struct claim *best; /* names list, severity and sid; NULL: no such claim */
	uint8_t flags;
	uint64_t expires; /* 0: never */
};

/* Of all actions, for a branch. */
struct folds {
	struct fold drop, alert;
};

struct flattener {
	struct list_row *rows;
	uint32_t count;
	uint64_t now;
	int64_t to_monotonic;
};

static void fold_claim(struct fold *fold, const struct claim *claim, bool inherited)
{
	bool stays = fold->best && (!fold->expires || (claim->expires && claim->expires <= fold->expires));

	fold->expires = stays ? fold->expires : claim->expires;
	fold->flags |= claim->flags;
	if (inherited || !fold->best || claim->severity > fold->best->severity)
		fold->best = claim;
}

static uint32_t to_kernel_time(uint64_t expires, int64_t to_monotonic)
{
	int64_t seconds;

	if (!expires)
		return 0;
	if (expires > INT64_MAX || __builtin_add_overflow((int64_t)expires, to_monotonic, &seconds))
		return UINT32_MAX;
	if (seconds < 1)
		return 1; /* 0 would mean never */
	return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

static struct list_row row_of(const struct flattener *f, const struct node *node, const struct fold *fold)
{
	return (struct list_row){
		.prefix = node->prefix,
		.entry = {.expires = to_kernel_time(fold->expires, f->to_monotonic),
			  .list = fold->best->list,
			  .flags = fold->flags,
			  .severity = fold->best->severity,
			  .sid = fold->best->sid},
	};
}

/* Adds what the node's live claims say to what is above them. True: they say something, which is in *row. */
static bool node_fold(const struct flattener *f, const struct node *node, struct folds *folds,
		      struct list_row *row)
{
	bool drop_inherited = true, alert_inherited = true, live = false;
	struct fold allow = {0};

	for (const struct claim *c = node->claims; c; c = c->next) {
		if (c->expires && c->expires <= f->now)
			continue;
		live = true;
		if (c->flags & SEKI_ENTRY_ALLOW) {
			fold_claim(&allow, c, false);
		} else if (c->flags & SEKI_ENTRY_ALERT) {
			fold_claim(&folds->alert, c, alert_inherited);
			alert_inherited = false;
		} else {
			fold_claim(&folds->drop, c, drop_inherited);
			drop_inherited = false;
		}
	}
	if (!live)
		return false;
	if (allow.best) { /* an exception: nothing from here up holds further down */
		*folds = (struct folds){0};
		*row = row_of(f, node, &allow);
		return true;
	}
	/* Dropping wins: an alert-only list must never open what another list closes. */
	*row = row_of(f, node, folds->drop.best ? &folds->drop : &folds->alert);
	return true;
}

/* folds by value: what the node adds holds for its branch only */
static void flatten_below(struct flattener *f, const struct node *node, struct folds folds)
{
	if (!node)
		return;
	f->count += node_fold(f, node, &folds, &f->rows[f->count]);
	flatten_below(f, node->child[0], folds);
	flatten_below(f, node->child[1], folds);
}

int list_row(const struct list_set *set, const struct prefix *prefix, uint64_t now, int64_t to_monotonic,
	     struct list_row *out)
{
	const struct flattener f = {.now = now, .to_monotonic = to_monotonic};
	const struct node *node = set->root[prefix_is_v4(prefix)];
	struct folds folds = {0};
	struct list_row row;

	while (node && prefix_contains(&node->prefix, prefix)) {
		bool live = node_fold(&f, node, &folds, &row);

		if (node->prefix.len == prefix->len) {
			if (!live)
				break;
			*out = row;
			return 0;
		}
		node = node->child[prefix_bit(prefix, node->prefix.len)];
	}
	return -ENOENT;
}

bool list_inside(const struct list_set *set, const struct prefix *prefix)
{
	const struct node *node = set->root[prefix_is_v4(prefix)];

	while (node && node->prefix.len < prefix->len) {
		if (!prefix_contains(&node->prefix, prefix))
			return false;
		node = node->child[prefix_bit(prefix, node->prefix.len)];
	}
	if (!node || !prefix_contains(prefix, &node->prefix))
		return false;
	return node->prefix.len > prefix->len || node->child[0] || node->child[1];
}

int list_flatten(struct list_set *set, uint64_t now, int64_t to_monotonic, struct list_row **rows,
		 uint32_t *count)
{
	struct flattener f = {.now = now, .to_monotonic = to_monotonic};

	/* One row per listed prefix at most, and one to write into before it is known whether it counts. */
	f.rows = malloc((set->prefixes + 1ul) * sizeof(*f.rows));
	if (!f.rows)
		return -ENOMEM;
	flatten_below(&f, set->root[1], (struct folds){0});
	flatten_below(&f, set->root[0], (struct folds){0});
	*rows = f.rows;
	*count = f.count;
	return 0;
}
