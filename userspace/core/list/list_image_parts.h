/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_image_parts.h - the layout of an image: head, lists, texts, cells, bytes of the texts. For
 * list_image.c and list_batch.c only.
 */
#ifndef CORE_LIST_IMAGE_PARTS_H
#define CORE_LIST_IMAGE_PARTS_H

#include "list_image.h"

#define LIST_IMAGE_MAGIC   0x494c4b53u /* "SKLI" */
#define LIST_IMAGE_VERSION 1u

_Static_assert(sizeof(struct list_image_head) == 48, "list_image_head has holes");
_Static_assert(sizeof(struct list_image_list) == 72, "list_image_list has holes");

/* Chained: of one piece after another, all but the last of whole words. */
uint64_t list_image_digest(uint64_t digest, const void *data, size_t len);

#endif
