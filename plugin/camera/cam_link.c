#include "cam_link.h"

#define WAIT_FIRST (G_USEC_PER_SEC / 4)
#define WAIT_LONGEST (2 * G_USEC_PER_SEC)
#define STEADY (5 * G_USEC_PER_SEC) /* flow that counts as cured */

void cam_link_init(CamLink *link, gint64 start_limit, gint64 stall_limit)
{
    *link = (CamLink){.start_limit = start_limit, .stall_limit = stall_limit};
}

void cam_link_clear(CamLink *link)
{
    g_clear_pointer(&link->said, g_free);
}

CamLinkOrder cam_link_tick(CamLink *link, gint64 now)
{
    switch (link->state) {
    case CAM_LINK_WAITING:
        return now >= link->next ? CAM_LINK_OPEN : CAM_LINK_REST;
    case CAM_LINK_STARTING:
        return link->start_limit && now - link->since > link->start_limit ? CAM_LINK_REOPEN
                                                                         : CAM_LINK_REST;
    default:
        if (now - link->since >= STEADY)
            link->attempts = 0;
        return link->stall_limit && now - link->flow > link->stall_limit ? CAM_LINK_REOPEN
                                                                        : CAM_LINK_REST;
    }
}

void cam_link_opened(CamLink *link, gint64 now)
{
    link->state = CAM_LINK_STARTING;
    link->since = now;
}

gboolean cam_link_flowed(CamLink *link, gint64 now)
{
    if (link->state == CAM_LINK_WAITING)
        return FALSE; /* a late frame of what is closed */
    gboolean news = link->state == CAM_LINK_STARTING;
    if (news) {
        link->state = CAM_LINK_RUNNING;
        link->since = now;
        g_clear_pointer(&link->said, g_free);
    }
    link->flow = now;
    return news;
}

gboolean cam_link_failed(CamLink *link, gint64 now, const gchar *trouble)
{
    gint64 wait = MIN(WAIT_LONGEST, WAIT_FIRST << MIN(link->attempts, 8));
    link->attempts++;
    link->state = CAM_LINK_WAITING;
    link->since = now;
    link->next = now + wait;
    if (g_strcmp0(link->said, trouble) == 0)
        return FALSE;
    g_free(link->said);
    link->said = g_strdup(trouble);
    return TRUE;
}

void cam_link_hurry(CamLink *link, gint64 now)
{
    link->next = MIN(link->next, now);
}

void cam_link_excuse(CamLink *link, gint64 span)
{
    link->since += span;
    link->flow += span;
}
