"""How much of a picture or a sound is a recorded one's: crops and screenshots are all of it, transplanted parts are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.marks import attacks, sounds
from benchmarks.marks.likenesses import share
from tests.watermark.invisible.scenes import png, scene
from tests.watermark.invisible.test_audio import music
from tests.watermark.prints.test_prints import dice_for, raw
from watermark.prints.alignment import align
from watermark.prints.picture import image_prints, image_queries
from watermark.prints.printed import Printed
from watermark.prints.share import comparable, share_of_sound
from watermark.prints.sound import audio_prints, audio_queries

PICTURE, FOREIGN = scene(70, 720, 540), scene(71, 720, 540)
ENOUGH, HALF = 650, 600


@pytest.fixture(scope="module")
def stored() -> Printed:
    return image_prints(png(PICTURE), "image/png")


@pytest.mark.parametrize(
    "attack", ["none", "JPEG 50", "crop 30 %", "scale 0.5 to 1.5", "scale, JPEG 75", "screenshot", "flip"]
)
def test_what_happens_to_pictures_on_their_way_leaves_the_most_of_them(attack: str, stored: Printed) -> None:
    assert share(attacks.ATTACKS[attack](PICTURE, dice_for(attack)), stored) >= ENOUGH


def test_where_a_crop_lies_is_found(stored: Printed) -> None:
    crop = np.ascontiguousarray(PICTURE[60:500, 120:640])
    place = align(image_queries(png(crop), "image/png"), stored)
    assert place is not None
    corner = place.there(0, 0) * min(PICTURE.shape[:2])  # in pixels of the recorded picture
    assert abs(corner - complex(120, 60)) < 8
    assert abs(place.scale) == pytest.approx(540 / 440, rel=0.02)


def test_a_region_in_another_picture_is_a_small_part_of_it(stored: Printed) -> None:
    for x, y, side in sorted(place for place in stored.places if place[2])[::6]:
        left, top, length = (round(540 * value) for value in (x - 0.55 * side, y - 0.55 * side, 1.1 * side))
        left, top = max(left, 0), max(top, 0)
        forged = FOREIGN.copy()
        forged[top : top + length, left : left + length] = PICTURE[top : top + length, left : left + length]
        assert share(forged, stored) < HALF


def test_half_of_a_picture_in_another_is_half_of_it(stored: Printed) -> None:
    beside = FOREIGN.copy()
    beside[:, :360] = PICTURE[:, :360]
    assert share(beside, stored) < HALF
    smaller = cv2.resize(PICTURE, (360, 270), interpolation=cv2.INTER_AREA)
    within = FOREIGN.copy()
    within[200:470, 250:610] = smaller
    assert share(within, stored) < HALF


def test_a_picture_on_an_empty_page_is_all_that_there_is_to_see(stored: Printed) -> None:
    page = np.full((900, 1200, 3), 245, np.uint8)
    page[150:690, 200:920] = PICTURE
    assert share(page, stored) >= ENOUGH
    page[700:880, 100:1100] = scene(72, 1000, 180)
    assert share(page, stored) < 1000


def test_of_a_picture_that_was_painted_over_the_rest_agrees(stored: Printed) -> None:
    painted = PICTURE.copy()
    painted[180:360, 240:480] = FOREIGN[180:360, 240:480]
    for changed in (painted, painted[40:, 40:]):
        assert HALF < share(changed, stored) < 1000
    assert share(PICTURE, stored) == 1000


def test_a_record_without_tiles_says_nothing_of_a_share(stored: Printed) -> None:
    assert comparable(stored)
    assert not comparable(Printed(stored.prints, stored.places, (), stored.shape))
    assert not comparable(Printed(stored.prints, stored.places, stored.tiles[1:], stored.shape))


@pytest.mark.parametrize(
    "attack", ["none", "MP3 64 kbit/s", "resampled, 11 to 48 kHz", "noise at 20 dB", "excerpt, MP3"]
)
def test_what_happens_to_sounds_on_their_way_leaves_the_most_of_them(attack: str) -> None:
    changed, rate = sounds.ATTACKS[attack](music(), 32_000, dice_for(attack))
    found = share_of_sound(
        audio_queries(raw(changed, rate), "audio/wav")[0], audio_prints(raw(music(), 32_000), "audio/wav")
    )
    assert found >= ENOUGH


def test_seconds_of_a_sound_in_another_are_their_share_of_it() -> None:
    ours, rate = music(), 32_000
    kept = audio_prints(raw(ours, rate), "audio/wav")
    seconds = ours.shape[1] // rate
    foreign = music()[:, ::-1]
    for taken in (seconds // 3, seconds // 2):
        mixed = np.concatenate([ours[:, : taken * rate], foreign[:, : (seconds - taken) * rate]], axis=1)
        assert share_of_sound(audio_queries(raw(mixed, rate), "audio/wav")[0], kept) < HALF
    assert share_of_sound(audio_queries(raw(foreign, rate), "audio/wav")[0], kept) < HALF
