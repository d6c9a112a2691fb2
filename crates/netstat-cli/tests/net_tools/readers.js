// Prints as JSON what the packages find-process and node-netstat read from the `netstat` in PATH, in both dialects.
// node readers.js FOLDER PORT...
const path = require('path');
const [folder, ...ports] = process.argv.slice(2);
const modules = path.join(folder, 'node_modules');
const findPid = require(path.join(modules, 'find-process/dist/cjs/find_pid.js')).default;
const netstat = require(path.join(modules, 'node-netstat'));
netstat.commands.win32.cmd = 'netstat';

// The number of the process on each port, or the words of the error.
async function processes(platform) {
    const real = process.platform;
    Object.defineProperty(process, 'platform', { value: platform });
    const found = {};
    for (const port of ports) {
        found[port] = await findPid(Number(port)).catch((error) => String(error.message));
    }
    Object.defineProperty(process, 'platform', { value: real });
    return found;
}

function rows(platform) {
    const all = [];
    netstat({ platform, sync: true }, (row) => { all.push(row); });
    return all;
}

(async () => {
    const answer = {};
    for (const platform of process.env.PLATFORMS.split(' ')) {
        answer[platform] = { processes: await processes(platform), rows: rows(platform) };
    }
    console.log(JSON.stringify(answer));
})();
