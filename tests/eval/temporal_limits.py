"""What effects have to keep. Keys are those of temporal_report.summary()."""

# Every face effect and every style, on clips of known motion; on videos.
LIMITS = {"ntre": 0.15, "warp ratio": 1.10, "flicker": 0.4, "ghost": 1.2, "lag": 0.2, "t90": 0.2,
          "J": 0.70}
REAL_LIMITS = {"ntre": 0.20}
