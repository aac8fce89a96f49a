"""What effects have to keep. Keys are those of temporal_report.summary()."""

# Every face effect and every style, on clips of known motion; on videos.
LIMITS = {"ntre": 0.15, "warp ratio": 1.10, "flicker": 0.4, "ghost": 1.2, "lag": 0.2, "t90": 0.2,
          "J": 0.70}
REAL_LIMITS = {"ntre": 0.20}

# What an effect does not reach yet: the measured value with a margin, which the everyday test holds
# in the limit's place. Whoever improves one lowers it here, and removes it where the limit is kept.
NOT_YET = {}


def limits_of(effect, real, gate):
    """`gate`: with what is not reached yet."""
    if real:
        return REAL_LIMITS
    return LIMITS | (NOT_YET.get(effect, {}) if gate else {})
