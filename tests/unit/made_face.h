/* Faces for tests: an ellipse with mesh points where a frontal face has them. */
#ifndef MIEN_TEST_MADE_FACE_H
#define MIEN_TEST_MADE_FACE_H

#include <mien/mien.h>

/* Middle, size in pixels; upright, seen. */
mien_face made_face(uint32_t id, float x, float y, float width, float height);

void made_face_move(mien_face *face, float dx, float dy);

/* Sets the box around the points. */
void made_face_box(mien_face *face);

#endif
