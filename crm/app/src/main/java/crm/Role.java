package crm;

/** What this process does; one jar serves them all and CRM_ROLE chooses. */
public enum Role {
    QUERIES,
    COMMANDS,
    OUTBOX
}
