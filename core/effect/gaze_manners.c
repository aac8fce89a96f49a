#include "gaze_manners.h"

#include <math.h>
#include <string.h>

#include "blend/gaze_uniform.h"

static const double RAMP = 0.2;    /* seconds from nothing to all */
static const double CALM = 2;      /* seconds on the target until the eyes are left alone */
static const double BLINK = 0.5;   /* an eye that is closed for longer begins anew */
static const double SETTLE = 1;    /* time constant of how far the eyes stand apart */
static const float APART = 0.12f;  /* they do by less than this, as a component: 7 degrees */
/* Degrees: in full up to the first, nothing from the second on. */
static const float EYES_FULL = 20, EYES_NONE = 30, HEAD_FULL = 15, HEAD_NONE = 27;
/* Degrees off the target: nothing has to be done / has to be done in full; of known eyes. */
static const float STILL = 4, WHOLE = 8, STILL_KNOWN = 2.5f, WHOLE_KNOWN = 7;
static const float REST_MOST = 0.2f; /* what is special in eyes is less: 11 degrees each way */
/* Seconds in which so much of that is taken up, and of how far the eyes stand apart. */
static const double EASE = 1, EASE_APART = 0.3;
static const float UNSURE = (float)GAZE_UNSURE, SURE = (float)GAZE_SURE; /* trust */
static const double PROOF = 0.6; /* seconds for which a doubtful eye has to be a sure one */
static const float OPEN = 0.3f;                  /* less says nothing of the gaze */
static const float COVERED = 0.2f, BARE = 0.6f;  /* of the eye's region */

static float smooth_step(float low, float high, float x)
{
    float t = (x - low) / (high - low);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return t * t * (3 - 2 * t);
}

static float toward(float from, float to, double most)
{
    float step = (float)most;
    return to > from ? fminf(from + step, to) : fmaxf(from - step, to);
}

static float within(float v, float most)
{
    return v > most ? most : v < -most ? -most : v;
}

static float head_share(const mien_face *face)
{
    float direction[2];
    mi_gaze_direction(face->yaw, face->pitch, direction);
    float away = mi_gaze_angle(direction, (const float[]){0, 0});
    bool behind = !(fabsf(face->yaw) < 90 && fabsf(face->pitch) < 90);
    return behind ? 0 : 1 - smooth_step(HEAD_FULL, HEAD_NONE, away);
}

/* Of the eyes that are open, by trust. False: none is. */
static bool common_gaze(const mi_eye_state *eye, float gaze[2])
{
    float sum = 0;
    gaze[0] = gaze[1] = 0;
    for (int i = 0; i < MI_EYES; i++) {
        float weight = eye[i].open >= OPEN ? eye[i].trust : 0;
        for (int k = 0; k < 2; k++)
            gaze[k] += weight * eye[i].gaze[k];
        sum += weight;
    }
    for (int k = 0; k < 2 && sum > 0; k++)
        gaze[k] /= sum;
    return sum > 0.1f;
}

static bool both_sure(const mi_eye_state *eye)
{
    for (int i = 0; i < MI_EYES; i++)
        if (eye[i].open < OPEN || eye[i].trust < SURE)
            return false;
    return true;
}

/* What was learnt is taken up without a jump: the first frame knows nothing of it. */
static void take_up(float shown[2], const float learnt[2], double most)
{
    for (int k = 0; k < 2; k++)
        shown[k] = toward(shown[k], learnt[k], most);
}

/* People's irises stand apart by different angles: their mean is free of it. */
static void learn_offset(mi_manners *m, const mi_eye_state *eye, const float common[2], double dt)
{
    float weight = m->met ? (float)(1 - exp(-dt / SETTLE)) : 1;
    m->met = true;
    for (int i = 0; i < MI_EYES; i++)
        for (int k = 0; k < 2; k++)
            m->offset[i][k] += weight * (within(common[k] - eye[i].gaze[k], APART) -
                                         m->offset[i][k]);
}

/* The mean over all that is seen while it is to be learnt. */
static void learn_rest(mi_gaze_rest *rest, const float common[2], const mi_manners_step *step)
{
    if (rest->time >= step->learn)
        return;
    float weight = (float)(step->dt / (rest->time + step->dt));
    rest->time += step->dt;
    rest->known = true;
    for (int k = 0; k < 2; k++)
        rest->gaze[k] += weight * (within(common[k], REST_MOST) - rest->gaze[k]);
}

/* The face analysis knows the gaze less well than the network, but in the first frame, too. */
static void first_look(const mien_face *face, mi_eye_state eye[MI_EYES])
{
    static const mien_face_region region[MI_EYES] = {MIEN_REGION_LEFT_EYE, MIEN_REGION_RIGHT_EYE};
    for (int i = 0; i < MI_EYES; i++) {
        mi_gaze_direction(face->gaze_yaw, face->gaze_pitch, eye[i].gaze);
        eye[i].trust = face->gaze_confidence * smooth_step(COVERED, BARE, face->visible[region[i]]);
        eye[i].open = face->aperture[i] > 0.1f ? 1 : 0;
    }
}

static void watch_target(mi_manners *m, const float gaze[2], const mi_manners_step *step)
{
    float angle = mi_gaze_angle(gaze, step->target);
    float off = m->rest.known ? smooth_step(STILL_KNOWN, WHOLE_KNOWN, angle)
                              : smooth_step(STILL, WHOLE, angle);
    double time = off > m->off_target ? RAMP : CALM;
    m->off_target = step->fresh ? off : toward(m->off_target, off, step->dt / time);
}

/* A doubtful eye that is a sure one now and then, in a blur or behind hair, is not turned now and
 * then. What the face analysis thought of it in the first frame holds as far as the network agrees,
 * as gaze_resolve.comp has shown it. Closed lids say nothing. */
static void believe(mi_manners *m, int i, const mi_eye_state *eye, const mi_manners_step *step)
{
    float sure = smooth_step(UNSURE, SURE, eye->trust);
    bool first = step->eye && !m->judged[i];
    m->judged[i] = step->eye != NULL;
    if (first) {
        m->share[i] *= sure;
        m->held[i] *= sure;
    }
    if (first || step->fresh)
        m->sure[i] = sure;
    else if (eye->open >= OPEN)
        m->sure[i] = toward(m->sure[i], sure, step->dt / (sure > m->sure[i] ? PROOF : RAMP));
}

/* 0..1 for one eye, before it is slewed. */
static float wanted_of(mi_manners *m, int i, const mi_eye_state *eye, float both,
                       const mi_manners_step *step)
{
    believe(m, i, eye, step);
    if (eye->open < OPEN) {
        m->closed[i] += step->dt;
        return m->closed[i] < BLINK ? m->held[i] : 0;
    }
    m->closed[i] = 0;
    m->held[i] = both * m->sure[i];
    return m->held[i];
}

static void decide(mi_manners *m, const mien_face *face, const mi_eye_state *eye,
                   const mi_manners_step *step, float wanted[MI_EYES])
{
    static const float camera[2] = {0, 0};
    float gaze[2], away = 1;
    if (common_gaze(eye, gaze)) {
        if (step->eye && both_sure(eye)) {
            learn_offset(m, eye, gaze, step->dt);
            learn_rest(&m->rest, gaze, step);
        }
        for (int k = 0; k < 2 && step->eye; k++)
            gaze[k] -= m->eased[k];
        away = 1 - smooth_step(EYES_FULL, EYES_NONE, mi_gaze_angle(gaze, camera));
        watch_target(m, gaze, step);
    }
    for (int i = 0; i < MI_EYES; i++)
        wanted[i] = head_share(face) * wanted_of(m, i, &eye[i], away * m->off_target, step);
}

void mi_manners_take(mi_manners *m, const mien_face *face, const mi_manners_step *step)
{
    mi_eye_state eye[MI_EYES];
    float wanted[MI_EYES];
    if (step->fresh)
        *m = (mi_manners){.rest = step->rest,
                          .eased = {step->rest.gaze[0], step->rest.gaze[1]}};
    if (step->learn <= 0)
        m->rest.time = 0;
    take_up(m->eased, m->rest.gaze, (double)REST_MOST * step->dt / EASE);
    if (step->eye)
        memcpy(eye, step->eye, sizeof eye);
    else
        first_look(face, eye);
    decide(m, face, eye, step, wanted);
    for (int i = 0; i < MI_EYES; i++) {
        take_up(m->eased_offset[i], m->offset[i], (double)APART * step->dt / EASE_APART);
        float to = fminf(fmaxf(step->most, 0), 1) * wanted[i];
        m->share[i] = step->fresh ? to : toward(m->share[i], to, step->dt / RAMP);
    }
}

void mi_manners_ask(const mi_manners *m, int eye, const float target[2], float turn[2],
                    float *share)
{
    *share = m->share[eye];
    for (int k = 0; k < 2; k++)
        turn[k] = m->share[eye] * (target[k] - m->eased_offset[eye][k] + m->eased[k]);
    turn[0] *= mi_eye_mirror(eye);
}
