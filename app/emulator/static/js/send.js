// Asks the workspace to do something. What it refuses is thrown with its own words.

export async function send(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error("The workspace does not answer.");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(words(answer.error));
  return answer;
}

const REFUSALS = {
  is_archived: "This channel is archived.",
  no_text: "There is nothing to send yet.",
  invalid_command: "The app has no such command.",
  not_in_channel: "You are not in this conversation.",
  thread_not_found: "The thread is gone.",
};

function words(error) {
  return REFUSALS[error] ?? String(error);
}
