// What people call their files is text and nothing else: it goes into the page by textContent.

const coming = document.getElementById("coming");
const files = document.getElementById("files");
const drop = document.getElementById("drop");
const choose = document.getElementById("choose");

function line(list, ...children) {
  const item = document.createElement("li");
  item.append(...children);
  list.append(item);
  return item;
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function size(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${unit ? bytes.toFixed(1) : bytes} ${units[unit]}`;
}

async function list() {
  const answer = await (await fetch("files")).json();
  files.replaceChildren();
  for (const file of answer.files) {
    const link = element("a", file.name);
    link.href = `files/${file.id}`;
    const remove = element("button", "Delete");
    remove.type = "button";
    remove.addEventListener("click", async () => {
      await fetch(link.href, { method: "DELETE" });
      await list();
    });
    line(files, link, element("span", size(file.size)), remove);
  }
}

// Not fetch(), which does not tell how far an upload has come.
function send(file) {
  const form = new FormData();
  form.append("file", file);
  const progress = document.createElement("progress");
  progress.max = file.size || 1;
  const said = element("span", "");
  const request = new XMLHttpRequest();
  const stop = element("button", "Stop");
  stop.type = "button";
  stop.addEventListener("click", () => request.abort());
  const item = line(coming, element("span", file.name), progress, said, stop);
  request.upload.addEventListener("progress", (event) => {
    progress.max = event.total;
    progress.value = event.loaded;
  });
  request.addEventListener("loadend", () => {
    if (request.status === 201 || said.textContent) item.remove();
    else {
      said.textContent = request.statusText || "It did not get through";
      stop.textContent = "Dismiss";
      stop.addEventListener("click", () => item.remove());
    }
    list();
  });
  request.addEventListener("abort", () => { said.textContent = "Stopped"; });
  request.open("POST", "files");
  request.send(form);
}

choose.addEventListener("change", () => {
  for (const file of choose.files) send(file);
  choose.value = "";
});
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  for (const file of event.dataTransfer.files) send(file);
});

list();
