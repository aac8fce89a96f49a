"""An effect of mien as the command line names it, and its runs on frames."""
import re

import numpy as np

import face_clips

STEPS = {"age": "age", "gaze": "gaze", "style": "style-strength"}   # what is stepped, by effect
STEP_FROM = {"age": "0", "gaze": "0", "style-strength": "0.2"}


class Effect:
    """`words`: name=value parted by ':' or blanks, as mien_filter_set_all() takes them."""

    def __init__(self, words):
        found = re.findall(r"([a-z0-9-]+)=('[^']*'|[^: ]*)", words)
        if not found or re.sub(r"([a-z0-9-]+)=('[^']*'|[^: ]*)[: ]*", "", words):
            raise ValueError(f"'{words}': an effect is name=value words parted by ':'")
        self.words, self.settings = words, {k: v.strip("'") for k, v in found}

    def changed(self, **settings):
        out = Effect(self.words)
        out.settings = self.settings | {k: str(v) for k, v in settings.items()}
        return out

    def step_name(self):
        """The parameter whose step is measured."""
        for effect, name in STEPS.items():
            if self.settings.get(effect, "0") not in ("", "0"):
                return name
        raise ValueError(f"'{self.words}' has no effect: age, gaze or style")

    def stepped_back(self):
        name = self.step_name()
        return self.changed(**{name: STEP_FROM[name]})

    def follows_pose(self):
        """What eye contact has to do depends on how the head is turned: eyes that come past the
        target have to be left alone."""
        return self.step_name() == "gaze"

    def area(self):
        if self.settings.get("style"):
            return self.settings.get("style-area", "frame")
        return "face"

    def run(self, library, planes, size, step=None, rate=face_clips.RATE):
        """`planes`: F x bytes of I420. With `step` the stepped parameter has its value from this
        frame on only."""
        name, first = (self.step_name(), self.stepped_back()) if step is not None else (None, self)
        out = np.empty_like(planes)
        with library.filter(first.settings.items()) as mien:
            for t, frame in enumerate(planes):
                if t == step:
                    mien.set(name, self.settings.get(name, "1"))
                out[t] = mien.process(frame, *size, round(t * 1e9 / rate))
        return out
