"""The log on Kafka: topics that are the truth, and a store beside each reader that is made from them.

    address     what `--log kafka://…` says
    records     what stands in the topics, as bytes
    topics      the topics' settings: made, and checked at every start
    transport   one writer a partition, fenced; reading what is committed, and nothing else
    store       the store: caught up from where it stands
    log         the log that is made of these: `KafkaLog`

A store is a folder like the embedded log's, so every question is answered by the same code.
"""
