#include "cmd/site/endpoint.h"

const struct column endpoint_columns[] = {
    {"address", COLUMN_TEXT, offsetof(struct control_endpoint, aor)},
    {"outside", COLUMN_BOOL, offsetof(struct control_endpoint, outside)},
    {"front_end", COLUMN_TEXT, offsetof(struct control_endpoint, front_end), "here"},
    {"worker", COLUMN_UNSIGNED, offsetof(struct control_endpoint, worker)},
    {"expires_in", COLUMN_NUMBER, offsetof(struct control_endpoint, seconds)},
    {"peer", COLUMN_TEXT, offsetof(struct control_endpoint, peer)},
    {"epid", COLUMN_TEXT, offsetof(struct control_endpoint, epid)},
    {"instance", COLUMN_TEXT, offsetof(struct control_endpoint, instance)},
    {"user_agent", COLUMN_TEXT, offsetof(struct control_endpoint, user_agent)},
    {0}};
