"""Blocks made beside."""

import threading

import pytest

from pendula.optim.ahead import ahead


def test_the_next_block_is_made_while_one_is_used():
    begun = [threading.Event() for _ in range(3)]

    def blocks():
        for number, event in enumerate(begun):
            event.set()
            yield number

    got = []
    for block in ahead(blocks()):
        # Nobody asks for the next one before this has been used.
        assert block + 1 == len(begun) or begun[block + 1].wait(timeout=30)
        got.append(block)
    assert got == [0, 1, 2]


def test_an_exception_comes_where_its_block_would_have():
    def blocks():
        yield "first"
        raise ArithmeticError("second")

    made = ahead(blocks())
    assert next(made) == "first"
    with pytest.raises(ArithmeticError, match="second"):
        next(made)


def test_whoever_stops_early_leaves_no_thread_behind():
    before = threading.active_count()
    made = ahead(iter(range(10)))
    assert next(made) == 0
    made.close()
    assert threading.active_count() == before
