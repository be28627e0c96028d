# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Exceptions: which errno becomes which, and what they say."""

import copy
import errno
import pickle

import pytest

from dpdk_mirror import errors


@pytest.mark.parametrize(
    ("code", "kind", "also"),
    [
        (errno.EINVAL, errors.InvalidConfigError, ValueError),
        (errno.ERANGE, errors.InvalidConfigError, ValueError),
        (errno.EMSGSIZE, errors.InvalidConfigError, ValueError),
        (errno.ENODEV, errors.NotFoundError, LookupError),
        (errno.ENOENT, errors.NotFoundError, LookupError),
        (errno.EEXIST, errors.ConflictError, Exception),
        (errno.EBUSY, errors.ConflictError, Exception),
        (errno.ELOOP, errors.ConflictError, Exception),
        (errno.ENETDOWN, errors.ConflictError, Exception),
        (errno.EDEADLK, errors.ConflictError, Exception),
        (errno.ENOMEM, errors.OutOfMemoryError, MemoryError),
        (errno.ENOTSUP, errors.UnsupportedError, Exception),
        (errno.ETIMEDOUT, errors.BusyTimeoutError, TimeoutError),
        (errno.EAGAIN, errors.BusyTimeoutError, TimeoutError),
        (errno.EACCES, errors.NotPermittedError, PermissionError),
        (errno.ECONNREFUSED, errors.DisconnectedError, ConnectionError),
        (errno.ECONNRESET, errors.DisconnectedError, ConnectionError),
        (errno.EPIPE, errors.DisconnectedError, ConnectionError),
        (errno.ESHUTDOWN, errors.DisconnectedError, ConnectionError),
        (errno.EPROTO, errors.ProtocolError, Exception),
        (errno.EBADF, errors.ClosedError, Exception),
        (errno.EIO, errors.MirrorError, Exception),
    ],
)
def test_each_errno_has_its_class(code, kind, also):
    error = errors.error_for(code, "try it: no luck", "try again")
    assert type(error) is kind
    assert isinstance(error, errors.MirrorError)
    assert isinstance(error, also)
    assert (error.errno, error.what, error.hint) == (code, "try it: no luck", "try again")


def test_an_error_says_what_was_tried_why_and_what_to_do():
    error = errors.error_for(errno.ELOOP, "mirror a -> b: b is mirrored to a", "choose another target")
    assert str(error) == "mirror a -> b: b is mirrored to a [ELOOP]; choose another target"


def test_without_a_reason_of_its_own_an_error_has_the_systems():
    assert str(errors.error_for(errno.ENODEV, "open port 0000:03:00.0")) == (
        "open port 0000:03:00.0: No such device [ENODEV]"
    )


@pytest.mark.parametrize("name", ["EDEADLK", "EAGAIN", "ENOTSUP", "EBUSY"])
def test_an_error_names_its_errno_as_c_code_does(name):
    assert f"[{name}]" in str(errors.error_for(getattr(errno, name), "try it: no"))


def test_an_errno_without_a_name_is_shown_as_a_number():
    assert str(errors.error_for(4711, "try it: no")) == "try it: no [4711]"


@pytest.mark.parametrize(
    "code", [errno.EINVAL, errno.ENOENT, errno.ENOMEM, errno.ETIMEDOUT, errno.EACCES, errno.EPIPE, errno.EIO]
)
def test_errors_survive_pickling_and_copying(code):
    """Process pools hand exceptions on so; OSError and its kin have ways of their own there."""
    error = errors.error_for(code, "try it: no", "hint")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error)
        assert (other.errno, other.what, other.hint, str(other)) == (code, "try it: no", "hint", str(error))


def test_an_eal_that_was_started_already_is_an_eal_error():
    assert issubclass(errors.EalAlreadyStartedError, errors.EalError)
    assert issubclass(errors.EalError, RuntimeError)
