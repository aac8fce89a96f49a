/* The faces of a frame in GStreamer's words, for elements and applications downstream. */
#ifndef GST_MIEN_FACES_H
#define GST_MIEN_FACES_H

#include <gst/video/video.h>
#include <mien/mien.h>

/* Adds a GstVideoRegionOfInterestMeta of type "face" to the buffer, which is writable, for each
 * face that has a part inside frames of width by height: the box around its points, clipped to the
 * frame, with the face's id as its id. Its param "mien-face" is a GstStructure with the fields of
 * mien_face:
 *
 *   id (uint), lost (boolean); doubles: presence, x, y, width, height (the box, not clipped), yaw,
 *   pitch, roll, pose-confidence, gaze-yaw, gaze-pitch, gaze-confidence, aperture-left,
 *   aperture-right, glasses, visible-left-eye and so on for each region;
 *   points (GBytes): MIEN_FACE_POINTS times x, y, z as float in the machine's byte order.
 *
 * GBytes rather than an array of GValues: C takes the pointer, Python
 * numpy.frombuffer(points.get_data(), 'f4').reshape(-1, 3), and a frame costs no 1434 objects. */
void gst_mien_faces_attach(GstBuffer *buffer, const mien_face *faces, gsize count, gint width,
                           gint height);

/* Posts an element message whose structure "mien-faces" has timestamp, stream-time, running-time
 * (GstClockTime, of the frame) and faces: a GstValueList of the structures above without points,
 * empty where there is no face. */
void gst_mien_faces_post(GstElement *element, const mien_face *faces, gsize count,
                         const GstSegment *segment, GstClockTime pts);

#endif
