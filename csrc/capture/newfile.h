/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_NEWFILE_H
#define MIRROR_CAPTURE_NEWFILE_H

/**
 * @file
 * Where a capture may be made.
 *
 * A new file, of its owner alone (0600); nothing that is there is followed or written to, so all that others could do
 * is to move the file away, and put another in its place. In a folder that anybody may write to they can, unless it is
 * sticky: then only the folder's owner can. So such a folder has to be sticky, and to belong to root, as /tmp does, or to
 * the process' user. A folder that others may not write to is its owner's affair, and that of whoever names it.
 */

/**
 * Whether a file can be made there, now.
 *
 * @param[out] why
 *   As of mirror_capture_newfile_create().
 * @return
 *   0 or -errno; -EEXIST: there is one
 */
int mirror_capture_newfile_check(const char *path, const char **why);

/**
 * Makes a file, open to write.
 *
 * @param[out] why
 *   Of a refusal, what to do; NULL: the errno says it all.
 * @return
 *   0 or -errno; -EPERM: the folder will not do
 */
int mirror_capture_newfile_create(const char *path, int *fd, const char **why);

#endif /* MIRROR_CAPTURE_NEWFILE_H */
