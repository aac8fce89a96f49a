/* What the program's pipelines have in common. */
#ifndef CAM_PIPE_H
#define CAM_PIPE_H

#include <gst/gst.h>

/* Told of what happens to a pipeline, on the main thread. */
typedef struct CamPipeEvents {
    void (*failed)(gpointer data, GstMessage *error);
    void (*warned)(gpointer data, const gchar *line); /* or NULL */
    void (*ended)(gpointer data);                     /* or NULL */
    gpointer data;
} CamPipeEvents;

/* Makes elements and links them in a row inside a new pipeline. `words`: what gst-launch-1.0 takes,
 * without properties of more than one word. NULL and *trouble, a line which the caller frees, if
 * an element is not installed. */
GstElement *cam_pipe_new(const gchar *words, gchar **trouble);

/* The element of a name, borrowed. */
GstElement *cam_pipe_find(GstElement *pipe, const gchar *name);

/* Starts it on the clock that all pipelines share; `events` is kept by pointer. NULL, or why it
 * could not be started: an error message, which the caller unrefs. */
GstMessage *cam_pipe_start(GstElement *pipe, const CamPipeEvents *events);

/* The same for a pipeline whose start may block, on a thread of its own, which the caller joins
 * before it stops the pipeline; why it could not be started comes as an event. */
GThread *cam_pipe_start_aside(GstElement *pipe, const CamPipeEvents *events);

/* After this `events` is not called any more. */
void cam_pipe_leave(GstElement *pipe);

/* Stops and frees one that is left. Any thread. */
void cam_pipe_stop(GstElement *pipe);

#endif
