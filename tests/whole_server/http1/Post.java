import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Posts 2,000 times with the JDK's client as it is by default: it asks for HTTP/2 with every request. */
public class Post {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0]))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"contact\": \"bob@example.com\"}"))
            .build();
        int answers = 0;
        int failures = 0;
        for (int i = 0; i < 2000; i++) {
            try {
                HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() == 422) {
                    answers++;
                } else {
                    failures++;
                    System.err.println(response.statusCode() + " " + response.body());
                }
            } catch (java.io.IOException error) {
                failures++;
                System.err.println(error);
            }
        }
        System.out.println(answers + " answers, " + failures + " failures");
        System.exit(failures == 0 ? 0 : 1);
    }
}
