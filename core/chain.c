#include "chain.h"

int mi_chain_create(mi_chain **chain, mvk_device *device, const mi_chain_config *config,
                    mi_log *log)
{
    (void)device;
    (void)config;
    *chain = NULL;
    return mi_fail(log, MIEN_ERR_UNSUPPORTED, "styles are being built");
}
void mi_chain_destroy(mi_chain **chain)
{
    *chain = NULL;
}
int mi_chain_run(mi_chain *chain, const mien_frame *in, const mien_frame *out,
                 const mi_chain_values *values)
{
    (void)chain, (void)in, (void)out, (void)values;
    return MIEN_OK;
}
void mi_chain_set_timing(mi_chain *chain, bool on)
{
    (void)chain, (void)on;
}
void mi_chain_stats(const mi_chain *chain, mien_stats *stats)
{
    (void)chain, (void)stats;
}
