"""Where random numbers come from: seed, step, draw and sample decide, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np

from chainrule.layers import Linear, manual_seed, randomness
from chainrule.layers.randomness import current


def drawn(seed: int, step: int = 0, first_sample: int = 0, draws: int = 1, batch: int = 4) -> list[list[int]]:
    with randomness(seed, step, first_sample) as random:
        return [random.sample_keys(batch).tolist() for _ in range(draws)]


def test_the_same_block_gives_the_same_keys() -> None:
    assert drawn(1, step=5, draws=3) == drawn(1, step=5, draws=3)


def test_each_of_seed_step_draw_and_sample_gives_other_keys() -> None:
    first, second = drawn(1, draws=2)
    keys = [*first, *second, *drawn(2)[0], *drawn(1, step=1)[0]]
    assert len(set(keys)) == 16


def test_a_sample_has_the_key_of_its_place_in_the_whole_batch() -> None:
    whole = drawn(1, draws=2, batch=10)
    for start, stop in ((0, 3), (3, 4), (4, 10)):
        part = drawn(1, draws=2, batch=stop - start, first_sample=start)
        assert part == [keys[start:stop] for keys in whole]


def test_the_innermost_block_counts_and_the_outer_one_goes_on_where_it_was() -> None:
    undisturbed = drawn(1, draws=2)
    with randomness(1) as outer:
        before = outer.sample_keys(4).tolist()
        with randomness(2):
            assert current().sample_keys(4).tolist() == drawn(2)[0]
        assert current() is outer
        after = current().sample_keys(4).tolist()
    assert [before, after] == undisturbed


def test_a_block_is_left_after_an_error() -> None:
    outside = current()
    try:
        with randomness(1):
            raise RuntimeError
    except RuntimeError:
        pass
    assert current() is outside


def test_threads_that_share_a_batch_draw_what_one_would() -> None:
    whole = drawn(1, step=3, batch=9)[0]
    found: dict[int, list[int]] = {}
    barrier = threading.Barrier(3)

    def work(start: int) -> None:
        with randomness(1, step=3, first_sample=start) as random:
            barrier.wait(timeout=10)  # all inside their block at once
            found[start] = random.sample_keys(3).tolist()

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 3, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] + found[3] + found[6] == whole


def test_manual_seed_repeats_initial_weights_and_every_layer_gets_others() -> None:
    manual_seed(5)
    first, second = Linear(3, 4), Linear(3, 4)
    manual_seed(5)
    again = Linear(3, 4)
    np.testing.assert_array_equal(again.weight.data, first.weight.data)
    assert (first.weight.data != second.weight.data).any()


def test_a_block_leaves_the_default_stream_alone() -> None:
    manual_seed(5)
    without = [current().sample_keys(2).tolist() for _ in range(2)]
    manual_seed(5)
    first = current().sample_keys(2).tolist()
    drawn(1, draws=3)
    assert [first, current().sample_keys(2).tolist()] == without


def test_without_a_seed_two_runs_differ_and_with_one_they_agree() -> None:
    """In processes of their own: nothing may depend on the order of earlier tests, or on Python's hash
    seed.
    """

    def run(seed: str) -> str:
        program = (
            "from chainrule.layers import manual_seed\nfrom chainrule.layers.randomness import current\n"
            f"{seed}\nprint(current().sample_keys(2).tolist())"
        )
        return subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout

    assert run("") != run("")
    assert run("manual_seed(1)") == run("manual_seed(1)")


def test_the_keys_are_these_numbers_for_ever() -> None:
    """A run that is resumed with a later version must meet the same masks: who changes this changes old
    runs.
    """
    assert drawn(0, batch=2) == [[10910317525803880485, 5396103473067506702]]
