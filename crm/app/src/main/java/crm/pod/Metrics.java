package crm.pod;

import crm.Settings;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.quarkus.micrometer.runtime.HttpServerMetricsTagsContributor;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.stream.DoubleStream;

/** How the pod's metrics are tagged, bucketed, and kept free of the pod's own pre-warm requests. */
@Singleton
public class Metrics {

    private static final String REQUESTS = "http.server.requests";
    private static final String ORIGIN = "origin";
    /** Seconds. 0.3 is the threshold of the latency alerts, so no interpolation blurs it. */
    private static final double[] BUCKETS = {0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5};

    @Produces
    @Singleton
    MeterFilter commonTags(Settings settings) {
        return MeterFilter.commonTags(
                Tags.of("workload", settings.workload(), "territory", settings.servedTerritory()));
    }

    @Produces
    @Singleton
    MeterFilter requestBuckets() {
        double[] nanos = DoubleStream.of(BUCKETS).map(s -> s * Duration.ofSeconds(1).toNanos()).toArray();
        return new MeterFilter() {
            @Override
            public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
                if (!id.getName().equals(REQUESTS)) {
                    return config;
                }
                return DistributionStatisticConfig.builder().serviceLevelObjectives(nanos).build().merge(config);
            }
        };
    }

    /** Pre-warm requests are slow by nature and no user waits for them: they would raise the latency and the rate. */
    @Produces
    @Singleton
    MeterFilter withoutPrewarm() {
        return MeterFilter.deny(id -> id.getName().equals(REQUESTS) && id.getTag(ORIGIN) != null);
    }

    @Produces
    @Singleton
    HttpServerMetricsTagsContributor markPrewarm(Pod pod) {
        return context -> pod.isPrewarm(context.request().getHeader(PodHeaders.PREWARM))
                ? Tags.of(ORIGIN, "prewarm")
                : Tags.empty();
    }
}
