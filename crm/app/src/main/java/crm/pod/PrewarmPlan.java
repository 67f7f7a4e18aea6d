package crm.pod;

import java.sql.SQLException;
import java.util.List;

/** What a role has to have done once before its first user comes. */
public interface PrewarmPlan {

    /** One request of the pod to itself. {@code body} and {@code ifNoneMatch} may be null. */
    record SelfRequest(String method, String path, String body, String ifNoneMatch) {
        public static SelfRequest get(String path) {
            return new SelfRequest("GET", path, null, null);
        }
    }

    /**
     * Blocks until the pod has what it needs to answer: its projection, its database.
     *
     * @throws InterruptedException where the pod is stopped meanwhile
     */
    void awaitData() throws InterruptedException;

    /** One round over the hot paths, with real rows; rounds are repeated until the count or the budget is reached. */
    List<SelfRequest> round(int number) throws SQLException;
}
