# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Draws picture.png from the lines of picture.txt with Pillow's own font. usage: make_picture.py"""
import os

from PIL import Image, ImageDraw, ImageFont

HERE = os.path.dirname(os.path.abspath(__file__))
# Of each line: size, left, colour, background (None: the page).
STYLES = [(38, 24, (20, 20, 30), None), (28, 24, (120, 30, 30), None), (26, 60, (20, 70, 40), None),
          (30, 24, (245, 245, 245), (40, 60, 110)), (24, 140, (60, 60, 60), None), (28, 24, (20, 20, 30), None)]


def main():
    with open(os.path.join(HERE, "picture.txt")) as f:
        lines = f.read().splitlines()
    image = Image.new("RGB", (640, 320), (248, 246, 238))
    draw = ImageDraw.Draw(image)
    top = 14
    for text, (size, left, colour, ground) in zip(lines, STYLES, strict=True):
        if ground:
            draw.rectangle((0, top - 6, 640, top + size + 12), fill=ground)
        draw.text((left, top), text, fill=colour, font=ImageFont.load_default(size))
        top += int(size * 1.7)
    image.save(os.path.join(HERE, "picture.png"), optimize=True)


if __name__ == "__main__":
    main()
